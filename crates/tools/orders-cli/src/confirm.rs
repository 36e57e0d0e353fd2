//! The question that a command asks before it changes or deletes data.

use std::io::{self, BufRead, IsTerminal};

use clap::Args;

use crate::text::{ask, note};

/// The option that answers the question in advance.
#[derive(Args, Clone, Copy)]
pub(crate) struct ConfirmArguments {
    /// Continue without asking, for scripts
    #[arg(long)]
    pub(crate) yes: bool,
}

impl ConfirmArguments {
    /// Prints the plan to standard error. On a terminal, asks the operator whether to continue.
    ///
    /// # Errors
    /// Returns an error if the operator declines, or if there is no terminal and `--yes` is not given.
    pub(crate) fn confirm(self, plan: &str) -> anyhow::Result<()> {
        note(plan);
        let input = io::stdin();
        decide(self.yes, input.is_terminal(), &mut input.lock())
    }
}

/// Decides whether to continue. Any answer except yes declines, and so does the end of the input.
fn decide(yes: bool, is_terminal: bool, input: &mut impl BufRead) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    anyhow::ensure!(is_terminal, "standard input is not a terminal: add --yes to continue without a question");
    ask("Continue? [y/N] ");
    let mut answer = String::new();
    input.read_line(&mut answer)?;
    let answer = answer.trim();
    anyhow::ensure!(["y", "yes"].iter().any(|yes| answer.eq_ignore_ascii_case(yes)), "declined: nothing was changed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(yes: bool, is_terminal: bool, input: &str) -> Result<(), String> {
        decide(yes, is_terminal, &mut input.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn on_a_terminal_only_a_yes_continues() {
        for answer in ["y\n", "Y\n", "yes\n", " Yes \r\n"] {
            assert_eq!(decided(false, true, answer), Ok(()), "{answer:?}");
        }
        for answer in ["", "\n", "n\n", "no\n", "yep\n"] {
            assert_eq!(decided(false, true, answer), Err("declined: nothing was changed".to_owned()), "{answer:?}");
        }
    }

    #[test]
    fn without_a_terminal_only_the_option_continues() {
        let refused = Err("standard input is not a terminal: add --yes to continue without a question".to_owned());
        assert_eq!(decided(false, false, "y\n"), refused);
        assert_eq!(decided(true, false, ""), Ok(()));
        assert_eq!(decided(true, true, "n\n"), Ok(()), "with --yes the input is not read");
    }
}
