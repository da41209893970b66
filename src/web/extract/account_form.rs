//! A form about one's own account, that is not lost while its sender is asked who they are.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use serde::de::DeserializeOwned;

use super::{Context, CurrentUser, EarlierSessions, Form, Reauthenticated, instance};
use crate::flows::reauthenticate::Freshness;
use crate::models::User;
use crate::web::error::Error;
use crate::web::flow_state::FlowState;
use crate::web::render;

/// What a form of somebody's own account has to say about itself.
pub(in crate::web) trait Fields: DeserializeOwned + 'static {
    /// The page that it stands on; whoever has to sign in or to confirm it is them comes back there.
    const PAGE: &'static str;
    /// Whether its deed needs a fresh proof (ASVS 7.5.1).
    const NEEDS_PROOF: bool;

    /// Whether it does if `user` sends it.
    fn needs_proof(_user: &User) -> bool {
        Self::NEEDS_PROOF
    }

    /// What was typed, to be given back on that page: never a password, never a code. Nothing, unless the form says more.
    fn kept(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }
}

/// Somebody signed in, freshly proven if the deed needs it, and the fields they sent.
///
/// Who is asked for a password first finds the fields again where they typed them (PAGES 3.11). Nothing is done
/// behind their back: they press the button once more.
#[derive(Clone, Debug)]
pub(in crate::web) struct AccountForm<T> {
    pub(in crate::web) current: CurrentUser,
    pub(in crate::web) fields: T,
}

/// The page to come back to, for whoever tells the error.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) struct WayBack(pub(in crate::web) &'static str);

impl<T: Fields> FromRequest for AccountForm<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let current = CurrentUser::from_request(request, &mut Payload::None);
        let (form, request) = (Form::<T>::from_request(request, payload), request.clone());
        Box::pin(async move {
            let Form(fields) = form.await?;
            let (vestibule, now) = (instance(&request)?, Context::of(&request)?.now);
            let admitted = match current.await {
                Ok(current) if T::needs_proof(&current.user) => {
                    Reauthenticated::admit(current, &vestibule.config.sessions, Freshness::Action, now)
                }
                other => other,
            };
            let is_asked =
                matches!(admitted, Err(Error::Unauthenticated | Error::TokenRefused | Error::Reauthenticate));
            // A program is told, and nothing waits for it.
            if is_asked && render::wants_page(&request) {
                let sessions = EarlierSessions::of(&request).0;
                if let Some((user, _)) = sessions.first() {
                    FlowState::of(&request).keep(T::PAGE, user, &fields.kept(), now);
                }
                request.extensions_mut().insert(WayBack(T::PAGE));
            }
            Ok(Self { current: admitted?, fields })
        })
    }
}
