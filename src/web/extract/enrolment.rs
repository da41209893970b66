//! Whoever has to have a second factor and has none can do nothing but add one (ASVS 6.3.3).
//!
//! Every guard asks here, ours and those of an application that we are part of. What they remember of a user says it,
//! so that it costs whoever may pass one look at a row that is there anyway.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::Data;

use crate::flows::authenticate::Authenticated;
use crate::flows::last_way_in;
use crate::vestibule::Vestibule;
use crate::web::error::Error;

/// What stays open meanwhile, with all that is below: adding a factor, saying who one is, and going.
const OPEN: [&str; 5] =
    ["/account/totp", "/account/passkeys", "/account/recovery-codes", "/reauth", "/logout"];

/// Lets in whoever has what is asked of them, and others to where they get it.
pub(super) fn admit(request: &HttpRequest, who: Arc<Authenticated>) -> Result<Arc<Authenticated>, Error> {
    let Some(vestibule) = request.app_data::<Data<Vestibule>>() else { return Err(Error::EnrolmentRequired) };
    match last_way_in::must_enrol(vestibule, &who.user) && !is_open(request.path()) {
        true => Err(Error::EnrolmentRequired),
        false => Ok(who),
    }
}

fn is_open(path: &str) -> bool {
    OPEN.iter()
        .any(|open| path.strip_prefix(open).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::is_open;

    #[test]
    fn a_path_is_open_whole_or_not_at_all() {
        for path in
            ["/account/totp", "/account/totp/begin", "/account/passkeys/add", "/reauth/passkey", "/logout"]
        {
            assert!(is_open(path), "{path}");
        }
        for path in
            ["/", "/account", "/account/totpx", "/logouts", "/dashboard", "/account/", "//account/totp"]
        {
            assert!(!is_open(path), "{path}");
        }
    }
}
