//! A new password: what whoever chooses one is asked for, and how it is stored, at registration as at a reset or a
//! change.

use secrecy::SecretString;

use crate::credentials::password::HashError;
use crate::credentials::policy::PasswordError;
use crate::vestibule::Vestibule;

/// Checks a new password against the policy, with the words that an attacker would try first for this person.
pub(super) fn check(
    vestibule: &Vestibule,
    password: &SecretString,
    username: &str,
    email: &str,
) -> Result<(), PasswordError> {
    let url = vestibule.config.public_url();
    let host = url.split_once("://").map_or(url.as_str(), |(_, host)| host);
    let host = host.split(':').next().unwrap_or_default();
    let words = [vestibule.config.server.name.as_str(), username].into_iter();
    let words = words.chain(email.split(['@', '.'])).chain(host.split('.'));
    vestibule.policy.check(password, &words.collect::<Vec<_>>())
}

/// Its hash, for somebody who claims this (folded) address. All who claim one share a salt, and nobody without our
/// secret can know it beforehand; see [`register`](super::register).
pub(super) async fn hash(
    vestibule: &Vestibule,
    password: SecretString,
    email_folded: Option<&str>,
) -> Result<String, HashError> {
    vestibule.passwords.hash(password, salt(vestibule, email_folded)).await
}

/// Whether a hash that was stored for somebody with this (folded) address would be stored otherwise today: at another
/// cost, or with the salt of the address they have now.
pub(super) fn is_outdated(vestibule: &Vestibule, hash: &str, email_folded: Option<&str>) -> bool {
    vestibule.passwords.is_outdated(hash, salt(vestibule, email_folded))
}

fn salt(vestibule: &Vestibule, email_folded: Option<&str>) -> Option<[u8; 16]> {
    vestibule.email_salts.tag(&[email_folded?]).get(..16)?.try_into().ok()
}
