//! The part of the walk in which somebody stays signed in, and somebody else has a copy.

use diesel::connection::SimpleConnection as _;

use super::house::{House, Server};
use super::walk::Visitor;
use crate::support::PASSWORD;

const TOKEN: &str = "vestibule";
const REFRESH: &str = "vestibule-refresh";

/// Goes on, and is caught; the tokens that must be in no log come back.
pub(super) fn walk(house: &House, server: &Server) -> Vec<String> {
    let mut owner = Visitor::at(server);
    owner.submit(303, "/login", &[("login", "oldtimer"), ("password", PASSWORD), ("stay_signed_in", "yes")]);
    let first = owner.cookies[REFRESH].clone();
    owner.cookies.remove(TOKEN);
    owner.get(200, "/dashboard");
    let second = owner.cookies[REFRESH].clone();

    house.connect().batch_execute("UPDATE refresh_tokens SET spent_at = spent_at - 60").unwrap();
    let mut thief = Visitor::at(server);
    thief.cookies.insert(REFRESH.to_owned(), first.clone());
    thief.get(303, "/dashboard");
    owner.get(303, "/dashboard");
    vec![first, second]
}
