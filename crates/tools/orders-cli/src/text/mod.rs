//! Text output: tables, colours, events, amounts and durations.
//!
//! `console` uses colours on a terminal only, and never if `NO_COLOR` is set.

mod amount;
mod duration;
mod event;
mod table;

use console::style;

pub(crate) use amount::amount;
pub(crate) use duration::{lifetime, milliseconds, per_second, seconds};
pub(crate) use event::event_summary;
pub(crate) use table::Table;

/// Returns the words that start this program: `cargo orders` if Cargo started it, and otherwise the name that the user typed.
pub(crate) fn program() -> String {
    let typed = || std::env::args().next().unwrap_or_else(|| "orders".to_owned());
    std::env::var_os("CARGO").map_or_else(typed, |_| "cargo orders".to_owned())
}

/// Prints to standard output. A reader that closes the pipe (`orders events | head`) is not an error.
pub(crate) fn print(text: &str) {
    let _gone = console::Term::stdout().write_line(text.trim_end());
}

/// Returns the number of columns of the terminal on standard output; `None` for a file or a pipe.
pub(crate) fn columns() -> Option<usize> {
    let terminal = console::Term::stdout();
    let (_rows, columns) = terminal.is_term().then(|| terminal.size_checked()).flatten()?;
    Some(columns.into())
}

/// Prints an error to standard error.
pub(crate) fn complain(message: &str) {
    let _gone = console::Term::stderr().write_line(&format!("{} {message}", style("error:").for_stderr().red().bold()));
}

/// Prints a note to standard error that is neither the result nor an error.
pub(crate) fn note(message: &str) {
    let _gone = console::Term::stderr().write_line(message);
}

/// Prints a question to standard error, and leaves the cursor after it.
pub(crate) fn ask(question: &str) {
    let _gone = console::Term::stderr().write_str(question);
}

/// Colours a status by its kind: done, in progress, or cancelled.
pub(crate) fn status(word: &str) -> String {
    let styled = style(word);
    match word {
        "delivered" | "paid" => styled.green(),
        "cancelled" | "returned" | "partially_returned" | "void" | "refunded" | "partially_refunded"
        | "credit_owed" => styled.yellow(),
        _ => styled.cyan(),
    }
    .to_string()
}

/// Formats a heading or a label.
pub(crate) fn bold(word: &str) -> String {
    style(word).bold().to_string()
}

/// Formats text of low importance.
pub(crate) fn dim(word: &str) -> String {
    style(word).dim().to_string()
}
