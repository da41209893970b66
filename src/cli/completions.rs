//! `vestibule completions`: what a shell wants to know about us.

use clap_complete::Shell;

use super::output;

const EXAMPLES: &str = "\
Examples:
  vestibule completions bash > /etc/bash_completion.d/vestibule
  vestibule completions zsh > ~/.zfunc/_vestibule
  vestibule completions fish > ~/.config/fish/completions/vestibule.fish";

/// Print the completions for a shell
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Completions {
    /// bash, elvish, fish, powershell or zsh
    #[arg(hide_possible_values = true)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, mut command: clap::Command) -> anyhow::Result<()> {
        // Into memory first: writing them out directly would panic on a closed pipe.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "vestibule", &mut script);
        output::print(&String::from_utf8(script)?)
    }
}
