//! A guard for the people of one group.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::CurrentUser;
use super::guards::refuse;
use crate::flows::authenticate::Authenticated;
use crate::web::error::Error;

/// Names the group that an [`InGroup`] lets in.
pub trait GroupName {
    /// As `vestibule group create` made it.
    const NAME: &'static str;
}

/// Somebody who is in a group now: by their row, not by anything in their token. Whoever is taken out of it is refused
/// from the next request on.
///
/// ```
/// use vestibule::web::extract::{GroupName, InGroup};
///
/// struct Editors;
///
/// impl GroupName for Editors {
///     const NAME: &'static str = "editors";
/// }
///
/// async fn drafts(editor: InGroup<Editors>) -> String {
///     format!("The drafts of {}", editor.user.username)
/// }
/// ```
pub struct InGroup<G>(CurrentUser, PhantomData<fn() -> G>);

impl<G> Deref for InGroup<G> {
    type Target = Authenticated;

    fn deref(&self) -> &Authenticated {
        &self.0
    }
}

impl<G> fmt::Debug for InGroup<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InGroup").field(&self.0).finish()
    }
}

impl<G: GroupName> FromRequest for InGroup<G> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let current = CurrentUser::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let current = current.await?;
            let is_in = current.user.groups().any(|group| group == G::NAME);
            match is_in {
                true => Ok(Self(current, PhantomData)),
                false => refuse(&request, &current, &format!("is not in the group {}", G::NAME)),
            }
        })
    }
}
