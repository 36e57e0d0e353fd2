//! The messages of a replay, during the run and at the end.

use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use super::parameters::Parameters;
use super::state::Tally;
use crate::text::{bold, complain, note, per_second, seconds};

/// The progress bar on standard error.
#[derive(Clone)]
pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
    /// The number of events that earlier runs published, which the rate excludes.
    before: u64,
}

impl Progress {
    /// Creates a bar for about `expected` commits, or a bar without an end.
    pub(crate) fn new(expected: Option<u64>, tally: &Tally) -> anyhow::Result<Self> {
        let (bar, template) = match expected {
            Some(expected) => (ProgressBar::new(expected), "{bar:20} {pos}/~{len} commits  {wide_msg}  {elapsed}"),
            None => (ProgressBar::no_length(), "{spinner} {pos} commits  {wide_msg}  {elapsed}"),
        };
        let bar = bar.with_style(ProgressStyle::with_template(template).context("progress bar")?);
        let progress = Self { bar, started: Instant::now(), before: tally.published };
        progress.show(tally);
        Ok(progress)
    }

    pub(crate) fn show(&self, tally: &Tally) {
        let rate = per_second(tally.published.saturating_sub(self.before), self.started.elapsed());
        self.bar.set_position(tally.scanned);
        self.bar.set_message(format!("{}  {rate}/s", tally.published()));
    }

    /// Prints an item that is left out, above the bar.
    pub(crate) fn left_out(&self, what: &str) {
        self.bar.suspend(|| complain(what));
    }

    /// Prints a note above the bar.
    pub(crate) fn note(&self, message: &str) {
        self.bar.suspend(|| note(message));
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Describes the range and the destination. `expected` is the approximate number of commits in the table.
pub(crate) fn plan(parameters: &Parameters, rate: u32, expected: Option<u64>) -> String {
    let Parameters { bus, table, from, to, order, name, local: _ } = parameters;
    let order = order.as_ref().map(|order| format!("\n  order   {order}")).unwrap_or_default();
    let expected = expected.map(|commits| format!(", about {commits} commits")).unwrap_or_default();
    format!(
        "Replay {name}:\n  events  {table}{expected}\n  from    {from}\n  until   {to}{order}\n  bus     {bus}, at most {rate} \
         events a second\nEvery event of this range is published again, marked with replayname {name}. Published events cannot be \
         taken back."
    )
}

/// Returns the result of a replay as text.
pub(crate) fn summary(headline: &str, tally: &Tally, elapsed: Duration) -> String {
    let Tally { scanned, published, calls, retried, left_out } = tally;
    format!(
        "{} is complete, after {}\n\ncommits scanned   {scanned}\nevents published  {published}\ncalls             {calls}\n\
         retried           {retried}\nleft out          {left_out}",
        bold(headline),
        seconds(elapsed),
    )
}

#[cfg(test)]
mod tests {
    use console::strip_ansi_codes;

    use super::*;

    #[test]
    fn a_summary_has_what_was_read_sent_and_left_out() {
        let tally = Tally { scanned: 5000, published: 1234, calls: 124, retried: 3, left_out: 1 };
        let expected = "\
Replay late from OrderEvents to OrderBus is complete, after 12.3 s

commits scanned   5000
events published  1234
calls             124
retried           3
left out          1";
        let summary = summary("Replay late from OrderEvents to OrderBus", &tally, Duration::from_millis(12_345));
        assert_eq!(strip_ansi_codes(&summary), expected);
    }
}
