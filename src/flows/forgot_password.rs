//! Ask for a new password by mail.
//!
//! ```text
//! ask ──> a row, for every address alike ──> the answer        (the page: as fast and as long for all)
//!                    └──> answer_requests ──> a mail with links, or nothing
//! ```
//!
//! Whoever asks cannot tell an address that we know from one that we do not: the page does the same work for both, and
//! what differs happens elsewhere and later.
//!
//! Several accounts may claim one address until somebody has proven it. They all get a link, in one mail: whoever
//! reads the mail at that address decides. Using one proves the address, drops the password and the sessions of
//! whoever claimed it before (pre-hijacking), and leaves the other claims without effect.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::credentials::email::{Email, EmailError};
use crate::db::{self, Transaction};
use crate::flows::caller::{Actor, Caller};
use crate::flows::throttle::{self, ThrottleError};
use crate::flows::{mail_budget, queue_mail, reset_password};
use crate::id::{MailId, ResetRequestId};
use crate::mail::messages::{self, ResetLink, ResetPassword};
use crate::models::{self, EventKind, ResetRequest, User};
use crate::secret::OneTimeToken;
use crate::vestibule::Vestibule;

/// Why the question was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ForgotPasswordError {
    /// That is no address.
    #[error(transparent)]
    Email(#[from] EmailError),
    /// Too many from one network.
    #[error("Too many tries. Please wait a little.")]
    Throttled {
        /// How long until the next one is looked at.
        retry_after: Duration,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<ThrottleError> for ForgotPasswordError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled { retry_after } => Self::Throttled { retry_after },
            ThrottleError::Database(error) => Self::Database(error),
        }
    }
}

/// Takes the question down. Beyond the budget of its address it is forgotten at once, and nobody is told.
///
/// # Errors
///
/// [`ForgotPasswordError`]; none of them depends on whether we know the address.
pub async fn ask(
    vestibule: &Vestibule,
    email: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), ForgotPasswordError> {
    let email = Email::parse(email)?;
    throttle::pay_for_deed(vestibule, caller, now).await?;
    let request = ResetRequest {
        id: ResetRequestId::new(),
        email_folded: email.folded(),
        asked_at: now,
        request_id: caller.request_id.clone(),
        address: caller.address(),
        user_agent: caller.user_agent.clone(),
    };
    let (here, network) = (vestibule.clone(), caller.network());
    vestibule
        .db
        .write(move |conn| {
            if mail_budget::pay_as_stranger(&here, conn, &request.email_folded, &network, now)? {
                request.insert(conn).map_err(db::Error::from)?;
            }
            // Whether or not there is a question: nobody is to tell the difference.
            queue_mail::wake(&here, conn);
            Ok::<_, ThrottleError>(())
        })
        .await?;
    Ok(())
}

/// Answers all questions: those about addresses that somebody has, with a mail.
///
/// # Errors
///
/// The database's.
pub async fn answer_requests(vestibule: &Vestibule, now: Timestamp) -> Result<(), db::Error> {
    loop {
        let oldest = vestibule.db.read(|conn| Ok::<_, db::Error>(ResetRequest::find_oldest(conn)?)).await?;
        let Some(request) = oldest else { return Ok(()) };
        let here = vestibule.clone();
        vestibule
            .db
            .write(move |conn| match request.take(conn)? {
                true => answer(&here, conn, &request, now),
                false => Ok(()),
            })
            .await?;
    }
}

fn answer(
    vestibule: &Vestibule,
    conn: &mut Transaction<'_>,
    request: &ResetRequest,
    now: Timestamp,
) -> Result<(), db::Error> {
    let mut users = User::list_by_email(conn, &request.email_folded)?;
    if users.first().is_some_and(|owner| owner.email_verified_at.is_some()) {
        users.truncate(1);
    }
    users.retain(|user| user.disabled_at.is_none());
    // As its owner spelt it; what a stranger typed is not written to.
    let Some(recipient) = users.first().and_then(|user| user.email.clone()) else { return Ok(()) };
    let (mail, caller) = (MailId::new(), asker(request));
    let mut links = Vec::new();
    for user in users {
        let token = OneTimeToken::generate();
        let row = models::OneTimeToken {
            email_folded: Some(request.email_folded.clone()),
            mail_id: Some(mail.clone()),
            ..reset_password::row(vestibule, &token, &user, now)
        };
        row.insert(conn)?;
        // At an address that nobody has proven it is nobody's: the dashboard of one who claims it would tell of others.
        let whom = user.email_verified_at.map(|_| &user.id);
        caller.event(EventKind::ResetLinkIssued, whom, now).saying("by mail").insert(conn)?;
        let url = reset_password::url(vestibule, &token);
        links.push(ResetLink { username: messages::inert(&user.username), url });
    }
    let message = ResetPassword {
        links,
        minutes: vestibule.config.mail.link_lifetime.as_secs() / 60,
        asked_at: request.asked_at.in_words(),
        asked_from: request.address.clone(),
    };
    queue_mail::insert(vestibule, conn, mail, &recipient, &message, now)
}

/// Who asked, as the trail knows them.
fn asker(request: &ResetRequest) -> Caller {
    Caller {
        actor: Actor::Stranger,
        address: request.address.parse().ok(),
        user_agent: request.user_agent.clone(),
        request_id: request.request_id.clone(),
        device_cookie: None,
    }
}
