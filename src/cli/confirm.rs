//! What goes for good is named twice.

use std::io::{self, IsTerminal as _};

use anyhow::bail;

use super::output;

/// Has the name of `what` is to be deleted typed by whoever sits at the terminal; `is_it` knows it when it is typed.
///
/// # Errors
///
/// When nobody sits there, or they type something else. Nothing was changed then.
pub(super) fn deletion(what: &str, is_it: impl FnOnce(&str) -> bool) -> anyhow::Result<()> {
    let input = io::stdin();
    if !input.is_terminal() {
        bail!("Say --yes to delete {what}. Nothing was changed.");
    }
    output::aside(format_args!("this deletes {what}; type the name to confirm"));
    let mut typed = String::new();
    input.read_line(&mut typed)?;
    if !is_it(typed.trim()) {
        bail!("That is not the name. Nothing was changed.");
    }
    Ok(())
}
