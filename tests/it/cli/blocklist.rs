//! `passwords.blocklist_file`

use std::fs::{self, File};

use super::Folder;

const FILE: &str = "VESTIBULE_PASSWORDS__BLOCKLIST_FILE";

fn folder(file: &str) -> Folder {
    Folder::new().with_variable(FILE, file)
}

#[test]
fn nothing_starts_with_a_list_that_cannot_be_read() {
    let missing = folder("missing.txt");
    let directory = folder("list");
    fs::create_dir(directory.path.join("list")).unwrap();
    let broken = folder("list");
    fs::write(broken.path.join("list"), b"fine\nalso fine\nf\xfcr die Katz\n").unwrap();
    let large = folder("list");
    File::create(large.path.join("list")).unwrap().set_len(64 * 1024 * 1024 + 1).unwrap();
    let long = folder("list").with_file("list", &"\n".repeat(5_000_001));

    for (folder, words) in [
        (missing, "passwords.blocklist_file, missing.txt: No such file or directory"),
        (directory, "passwords.blocklist_file, list: Is a directory"),
        (broken, "passwords.blocklist_file, list: line 3 is not UTF-8."),
        (large, "passwords.blocklist_file, list: it is larger than 64 MiB or has more than 5 million lines."),
        (long, "passwords.blocklist_file, list: it is larger than 64 MiB or has more than 5 million lines."),
    ] {
        for line in ["serve", "user create ada"] {
            let refused = folder.run_with(line, "").refused(2);

            assert!(refused.starts_with(words), "{refused}");
        }
        assert!(!folder.names().contains(&"data".to_owned()), "{words}: nothing was made");
    }
    let unnamed = Folder::new().with_file("vestibule.toml", "[passwords]\nblocklist_file = ''\n");
    assert!(unnamed.run("config check").refused(2).contains("`passwords.blocklist_file` is empty."));
}

#[test]
fn operators_choose_none_of_its_passwords_either() {
    let folder = folder("list.txt").with_file("list.txt", "acme forever and ever\r\n# gravel otter noon\r\n");

    for password in ["Acme Forever And Ever", "Acme Forever And Ever26", "# gravel otter noon!"] {
        let refused = folder.run_with("user create ada", password).refused(1);
        assert!(refused.contains("on the list of those that may not be used here."), "{password}: {refused}");
    }
    folder.run_with("user create ada", "gravel otter noon at the acme").done();
}
