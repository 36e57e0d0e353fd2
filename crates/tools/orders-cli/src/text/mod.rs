//! Text for people: what stands in columns, in what colour, and how events, amounts and durations read.
//!
//! Colours appear on a terminal only, and never where `NO_COLOR` is set: `console` sees to it.

mod amount;
mod duration;
mod event;
mod table;

use console::style;

pub(crate) use amount::amount;
pub(crate) use duration::{lifetime, milliseconds, per_second, seconds};
pub(crate) use event::event_summary;
pub(crate) use table::{Align, Table};

/// Prints to standard output. A reader that has gone away (`orders events | head`) is no error.
pub(crate) fn print(text: &str) {
    let _gone = console::Term::stdout().write_line(text.trim_end());
}

/// The columns of the terminal that standard output is, or `None` where it is a file or a pipe.
pub(crate) fn columns() -> Option<usize> {
    let terminal = console::Term::stdout();
    let (_rows, columns) = terminal.is_term().then(|| terminal.size_checked()).flatten()?;
    Some(columns.into())
}

/// Prints an error to standard error.
pub(crate) fn complain(message: &str) {
    let _gone = console::Term::stderr().write_line(&format!("{} {message}", style("error:").for_stderr().red().bold()));
}

/// Prints to standard error what is worth knowing, and is neither the result nor an error.
pub(crate) fn note(message: &str) {
    let _gone = console::Term::stderr().write_line(message);
}

/// Prints a question to standard error, and leaves the cursor behind it.
pub(crate) fn ask(question: &str) {
    let _gone = console::Term::stderr().write_str(question);
}

/// A status in the colour of its kind: done, under way, or given up.
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

/// A heading or a label.
pub(crate) fn bold(word: &str) -> String {
    style(word).bold().to_string()
}

/// What is there for whoever looks for it.
pub(crate) fn dim(word: &str) -> String {
    style(word).dim().to_string()
}
