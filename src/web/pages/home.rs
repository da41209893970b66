//! `/`: leads on.

use actix_web::HttpResponse;

use crate::web::error::Error;
use crate::web::extract::CurrentUser;
use crate::web::page::see_other;

/// `GET /`: to the dashboard, or to sign-in.
pub(in crate::web) async fn show(current: Result<CurrentUser, Error>) -> Result<HttpResponse, Error> {
    match current {
        Ok(_) => Ok(see_other("/dashboard").finish()),
        Err(Error::Unauthenticated | Error::TokenRefused) => Ok(see_other("/login").finish()),
        Err(error) => Err(error),
    }
}
