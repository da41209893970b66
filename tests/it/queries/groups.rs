//! Groups: made, filled, looked at, emptied and taken away.

use super::house::House;
use crate::support::PASSWORD;

pub fn through(house: &House) {
    house.run("user create hedy", PASSWORD);
    for line in [
        "group create editors",
        "group list",
        "group add editors hedy",
        "group show editors",
        "group remove editors hedy",
        "group add editors hedy",
        "group delete editors --yes",
    ] {
        house.run(line, "");
    }
}
