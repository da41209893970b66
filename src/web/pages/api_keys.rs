//! `/account/api-keys`: what one's programs show in one's place. Its buttons are in `api_key_changes`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::credentials::scope::Scope;
use crate::flows::create_api_key::{DAYS, DEFAULT_DAYS, MOST_KEYS, Made};
use crate::flows::overview;
use crate::models::ApiKey;
use crate::vestibule::Vestibule;
use crate::web::error::Error;
use crate::web::extract::{Context, CurrentUser};
use crate::web::flow_state::FlowState;
use crate::web::page::{FieldError, Moment, Moments, Shell, answer};

/// Its address.
pub(super) const PAGE: &str = "/account/api-keys";

#[derive(Template)]
#[template(path = "api_keys.html")]
struct ApiKeysPage {
    shell: Shell,
    rows: Vec<Row>,
    /// The key that was just made: here and never again.
    made: Option<New>,
    typed: Typed,
    errors: Vec<FieldError>,
    live: usize,
}

/// A key, as the page shows it.
struct Row {
    id: String,
    name: String,
    scopes: Vec<&'static str>,
    created: Moment,
    expires: Moment,
    is_live: bool,
    last_used: Option<Moment>,
}

struct New {
    name: String,
    key: String,
    expires: Moment,
}

/// What stands in the form.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) name: String,
    pub(super) read_account: bool,
    pub(super) apps: bool,
    pub(super) days: String,
}

impl Typed {
    fn lasts(&self, days: &u16) -> bool {
        let chosen = self.days.parse().ok().filter(|chosen| DAYS.contains(chosen));
        *days == chosen.unwrap_or(DEFAULT_DAYS)
    }
}

/// `GET /account/api-keys`: the keys, and the form with what somebody typed before they had to confirm it is them.
pub(in crate::web) async fn show(
    request: HttpRequest,
    context: Context,
    current: CurrentUser,
    vestibule: Data<Vestibule>,
) -> Result<HttpResponse, Error> {
    let mut kept = FlowState::of(&request).take_kept(PAGE, &current.user.id, context.now);
    let mut typed = |name| kept.remove(name).unwrap_or_default();
    let typed = Typed {
        name: typed("name"),
        read_account: !typed("read_account").is_empty(),
        apps: !typed("apps").is_empty(),
        days: typed("days"),
    };
    page(&request, &context, &current, &vestibule, (StatusCode::OK, Vec::new()), typed).await
}

/// The page, with what is wrong.
pub(super) async fn page(
    request: &HttpRequest,
    context: &Context,
    current: &CurrentUser,
    vestibule: &Vestibule,
    (status, errors): (StatusCode, Vec<FieldError>),
    typed: Typed,
) -> Result<HttpResponse, Error> {
    let flash = if errors.is_empty() { FlowState::of(request).take_flash() } else { None };
    let shell = Shell::signed_in(request, current).saying(flash);
    render(shell, context, current, vestibule, status, Content { typed, errors, made: None }).await
}

/// The page with a key that was just made. It is in no redirect and in no cookie, and no cache keeps the answer.
pub(super) async fn page_with(
    request: &HttpRequest,
    context: &Context,
    current: &CurrentUser,
    vestibule: &Vestibule,
    made: Made,
) -> Result<HttpResponse, Error> {
    let moments = Moments::of(&current.user, context.now);
    let new = New {
        name: made.row.name,
        key: made.key.expose().to_owned(),
        expires: moments.show(made.row.expires_at),
    };
    let content = Content { typed: Typed::default(), errors: Vec::new(), made: Some(new) };
    render(Shell::signed_in(request, current), context, current, vestibule, StatusCode::OK, content).await
}

/// What differs between the answers.
struct Content {
    typed: Typed,
    errors: Vec<FieldError>,
    made: Option<New>,
}

async fn render(
    mut shell: Shell,
    context: &Context,
    current: &CurrentUser,
    vestibule: &Vestibule,
    status: StatusCode,
    Content { typed, errors, made }: Content,
) -> Result<HttpResponse, Error> {
    let keys = overview::api_keys(vestibule, &current.user.id).await?;
    let moments = Moments::of(&current.user, context.now);
    let row = |key: &ApiKey| Row {
        id: key.id.to_string(),
        name: key.name.clone(),
        scopes: key.scopes().into_iter().map(Scope::words).collect(),
        created: moments.show(key.created_at),
        expires: moments.show(key.expires_at),
        is_live: key.is_live(context.now),
        last_used: key.last_used_at.map(|at| moments.show(at)),
    };
    let live = keys.iter().filter(|key| key.is_live(context.now)).count();
    shell.section = "settings";
    answer(status, &ApiKeysPage { shell, rows: keys.iter().map(row).collect(), made, typed, errors, live })
}
