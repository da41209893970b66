//! What is sealed, and that nothing in it comes twice (ASVS 11.3.4).

use std::collections::BTreeSet;

use vestibule::secret::MasterSecret;

#[test]
fn what_is_sealed_twice_has_another_nonce_and_other_bytes_each_time() {
    let secret = MasterSecret::from_bytes([7; 32]);
    let (sealer, again) = (secret.sealer("outbox"), secret.sealer("outbox"));

    let sealed: Vec<Vec<u8>> = (0..5000)
        .map(|number| if number % 2 == 0 { &sealer } else { &again })
        .map(|sealer| sealer.seal(b"the same words", "outbox.sealed of 1").unwrap())
        .collect();

    let nonces: BTreeSet<&[u8]> = sealed.iter().map(|bytes| &bytes[..12]).collect();
    assert_eq!(nonces.len(), sealed.len());
    let bodies: BTreeSet<&[u8]> = sealed.iter().map(|bytes| &bytes[12..]).collect();
    assert_eq!(bodies.len(), sealed.len());
    for bytes in &sealed {
        assert_eq!(again.open(bytes, "outbox.sealed of 1").as_deref(), Some(b"the same words".as_slice()));
    }
}

#[test]
fn what_is_sealed_opens_in_its_place_only_and_only_as_it_was() {
    let secret = MasterSecret::from_bytes([7; 32]);
    let sealer = secret.sealer("outbox");
    let sealed = sealer.seal(b"words", "row 1").unwrap();

    assert_eq!(sealer.open(&sealed, "row 2"), None);
    assert_eq!(secret.sealer("signing key").open(&sealed, "row 1"), None);
    assert_eq!(MasterSecret::from_bytes([8; 32]).sealer("outbox").open(&sealed, "row 1"), None);
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(sealer.open(&changed, "row 1"), None, "byte {at}");
        assert_eq!(sealer.open(&sealed[..at], "row 1"), None, "{at} bytes");
    }
}
