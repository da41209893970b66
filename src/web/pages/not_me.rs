//! `/not-me`: a sign-in that we wrote about, for whoever did not sign in.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::reset;
use crate::device;
use crate::flows::disown_login::{self, DisownLoginError, Disowned, Login};
use crate::flows::drop_factors::Dropped;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::Context;
use crate::web::flow_state::FlowState;
use crate::web::page::{Moment, Moments, Shell, answer, see_other};

/// The name of the link's token in the flow state.
const LINK: &str = "not-me";

const DONE: &str = "Everybody is signed out of your account, and its old password opens nothing any more. Now \
                    choose a new one.";
/// What else can be done, if the account has another address by now.
const SHUT: &str = "Everybody is signed out of that account, and its password opens nothing any more. Its e-mail \
                    address was changed since: undo that by the link in the mail about it, or ask your administrator.";

#[derive(Template)]
#[template(path = "not_me.html")]
struct NotMePage {
    shell: Shell,
    username: String,
    login: Option<LoginLines>,
}

/// What is known of the sign-in.
struct LoginLines {
    at: Moment,
    device: String,
    address: String,
}

/// `GET /not-me/{token}`: takes the token out of the address at once. Opening the link changes nothing.
pub(in crate::web) async fn open(
    request: HttpRequest,
    token: Path<String>,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    disown_login::find_login(&vestibule, &token, context.now).await?.ok_or_else(|| gone(&vestibule))?;
    FlowState::of(&request).set_link_token(LINK, &token);
    Ok(see_other("/not-me").finish())
}

/// `GET /not-me`: what the button will do.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let token = FlowState::of(&request).link_token(LINK).unwrap_or_default();
    let login = disown_login::find_login(&vestibule, &token, context.now).await?;
    let Login { user, session } = login.ok_or_else(|| gone(&vestibule))?;
    let moments = Moments::of(&user, context.now);
    let login = session.map(|session| LoginLines {
        at: moments.show(session.created_at),
        device: device::name(&session.user_agent),
        address: session.address,
    });
    answer(StatusCode::OK, &NotMePage { shell: Shell::of(&request), username: user.username, login })
}

/// `POST /not-me`: signs everybody out of the account, and leads on to a new password.
pub(in crate::web) async fn submit(
    request: HttpRequest,
    context: Context,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let flow = FlowState::of(&request);
    let token = flow.link_token(LINK).unwrap_or_default();
    let (words, next) =
        match disown_login::with_token(&vestibule, &token, &context.caller(), context.now).await {
            Ok(Disowned { reset: None, dropped }) => (with_dropped(SHUT, &dropped), "/login"),
            Ok(Disowned { reset: Some(token), dropped }) => {
                flow.set_link_token(reset::LINK, token.expose());
                (with_dropped(DONE, &dropped), "/reset")
            }
            Err(DisownLoginError::InvalidLink) => return Err(gone(&vestibule)),
            Err(DisownLoginError::Database(error)) => return Err(error.into()),
        };
    flow.forget_link_token(LINK);
    flow.say(&words);
    Ok(see_other(next).finish())
}

/// The words, with what was added since that sign-in and is gone.
fn with_dropped(words: &str, dropped: &Dropped) -> String {
    match dropped.in_words() {
        Some(what) => format!("{words} Taken away, because added since that sign-in: {what}."),
        None => words.to_owned(),
    }
}

fn gone(vestibule: &Vestibule) -> Error {
    let way_on = match vestibule.can_reset_by_mail() {
        true => ("/forgot", "Choose a new password"),
        false => ("/", "To the first page"),
    };
    Error::Gone { words: DisownLoginError::InvalidLink.to_string(), way_on }
}
