//! Another password, and the former one again.

use super::walk::Visitor;
use crate::support::{OTHER_PASSWORD, PASSWORD};

pub fn twice(ada: &mut Visitor<'_>) {
    ada.get(303, "/.well-known/change-password");
    ada.get(200, "/account/password");
    change(ada, 422, OTHER_PASSWORD, "three slow herons cross the weir");
    change(ada, 303, PASSWORD, OTHER_PASSWORD);
    let others_stay = [("current_password", OTHER_PASSWORD), ("password", PASSWORD)];
    ada.submit(303, "/account/password", &others_stay);
}

fn change(ada: &mut Visitor<'_>, status: u16, current: &str, new: &str) {
    let fields = [("current_password", current), ("password", new), ("end_others", "yes")];
    ada.submit(status, "/account/password", &fields);
}
