//! Keys: another in turn, another at once, and what is left of those that are gone.

use diesel::connection::SimpleConnection as _;

use super::house::House;

/// Ends every session: what comes after signs in anew.
pub fn through(house: &House) {
    for line in ["key list", "key export-jwks", "key rotate", "key rotate --now"] {
        house.run(line, "");
    }
    // A week later: another server keeps house as it starts.
    house
        .connect()
        .batch_execute("UPDATE signing_keys SET withdrawn_at = 1 WHERE withdrawn_at IS NOT NULL")
        .unwrap();
    let _later = house.serve(&[]);
    house.wait_for(|sql| sql.starts_with("DELETE FROM \"signing_keys\""));
}
