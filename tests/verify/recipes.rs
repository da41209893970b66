//! The programs that `docs/verify.md` prints are those that are tried.

use std::fs;
use std::path::Path;

#[test]
fn the_document_prints_each_recipe_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("docs/verify.md")).unwrap();

    for (language, file) in [
        ("rust", "examples/verify.rs"),
        ("js", "examples/verify/node/verify.mjs"),
        ("python", "examples/verify/python/verify.py"),
        ("bash", "examples/verify/shell/verify"),
    ] {
        let recipe = fs::read_to_string(root.join(file)).unwrap();
        assert!(
            document.contains(&format!("```{language}\n{recipe}```\n")),
            "docs/verify.md prints another {file}"
        );
    }
}
