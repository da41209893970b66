//! What makes passkeys, by the number that it gives of itself (AAGUID): for a first name that its owner knows.
//!
//! The few that most people have; whatever is not here is called after the browser it was added with. The names
//! are those of the list that the passkey community keeps, `passkeydeveloper/passkey-authenticator-aaguids`.

const MAKERS: [(&str, &str); 14] = [
    ("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4", "Google Password Manager"),
    ("fbfc3007-154e-4ecc-8c0b-6e020557d7bd", "iCloud Keychain"),
    ("dd4ec289-e01d-41c9-bb89-70fa845d4bf2", "iCloud Keychain (managed)"),
    ("adce0002-35bc-c60a-648b-0b25f1f05503", "Chrome on Mac"),
    ("08987058-cadc-4b81-b6e1-30de50dcbe96", "Windows Hello"),
    ("9ddd1817-af5a-4672-a2b9-3e3dd95000a9", "Windows Hello"),
    ("6028b017-b1d4-4c02-b4b3-afcdafc96bb2", "Windows Hello"),
    ("53414d53-554e-4700-0000-000000000000", "Samsung Pass"),
    ("bada5566-a7aa-401f-bd96-45619a55120d", "1Password"),
    ("d548826e-79b4-db40-a3d8-11116f7e8349", "Bitwarden"),
    ("531126d6-e717-415c-9320-3d9aa6981239", "Dashlane"),
    ("fdb141b2-5d84-443e-8a35-4698c205a502", "KeePassXC"),
    ("50726f74-6f6e-5061-7373-50726f746f6e", "Proton Pass"),
    ("0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6", "Keeper"),
];

/// The name of what made a passkey, if it is well known.
pub fn name(aaguid: &str) -> Option<&'static str> {
    MAKERS.iter().find(|(known, _)| *known == aaguid).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_have_their_names_and_all_others_none() {
        assert_eq!(name("d548826e-79b4-db40-a3d8-11116f7e8349"), Some("Bitwarden"));
        assert_eq!(name("00000000-0000-0000-0000-000000000000"), None);
        for (id, name) in MAKERS {
            assert!(id.len() == 36 && id == id.to_ascii_lowercase() && !name.is_empty(), "{id}");
        }
    }
}
