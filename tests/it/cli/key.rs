//! `vestibule key`.

use super::Folder;

#[test]
fn a_shared_secret_takes_no_turns_and_whoever_asks_for_one_is_told_what_to_do() {
    let folder = Folder::new().with_tables();
    assert!(folder.run("key rotate").done().starts_with("The next key is published"));

    let folder = folder
        .with_variable("VESTIBULE_TOKENS__ALGORITHM", "HS256")
        .with_variable("VESTIBULE_TOKENS__HS256_SECRET", "b8c1e0d94f7a4d3e9a6512fd0c8e7b33");
    for line in ["key rotate", "key rotate --now"] {
        let told = folder.run(line).refused(1);
        assert!(told.contains("choose another one and restart every node"), "{told}");
    }
}
