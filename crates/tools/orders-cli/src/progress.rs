//! The progress bar on standard error.

use std::fmt::Display;
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use crate::text::{complain, note, per_second};

/// A bar that shows the progress of a command.
#[derive(Clone)]
pub(crate) struct Bar {
    bar: ProgressBar,
    started: Instant,
    /// The number of items that earlier runs processed, which the rate excludes.
    before: u64,
}

impl Bar {
    /// Creates a bar for about `expected` items of `what`, or a bar without an end. `done` items are already processed.
    pub(crate) fn new(what: &str, expected: Option<u64>, done: u64) -> anyhow::Result<Self> {
        // DynamoDB updates its count every few hours, so the table may contain more items.
        let expected = expected.map(|expected| expected.max(done));
        let bar = expected.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let template = match expected {
            Some(_) => format!("{{bar:10}} {{pos}}/~{{len}} {what}  {{wide_msg}}  {{elapsed}}, {{eta}} left"),
            None => format!("{{spinner}} {{pos}} {what}  {{wide_msg}}  {{elapsed}}"),
        };
        let bar = bar.with_style(ProgressStyle::with_template(&template).context("progress bar")?);
        bar.set_position(done);
        // The work of earlier runs says nothing about the rate of this run.
        bar.reset_eta();
        Ok(Self { bar, started: Instant::now(), before: done })
    }

    /// Shows the number of processed items, and the result so far.
    pub(crate) fn show(&self, done: u64, so_far: impl Display) {
        self.show_rate(done, done.saturating_sub(self.before), so_far);
    }

    /// Shows the number of processed items, and the result so far with the rate of `count` results in this run.
    pub(crate) fn show_rate(&self, done: u64, count: u64, so_far: impl Display) {
        if self.bar.length().is_some_and(|length| length < done) {
            self.bar.set_length(done);
        }
        self.bar.set_position(done);
        self.bar.set_message(format!("{so_far}  {}/s", per_second(count, self.elapsed())));
    }

    /// Prints a problem above the bar.
    pub(crate) fn complain(&self, what: &str) {
        self.bar.suspend(|| complain(what));
    }

    /// Prints a note above the bar.
    pub(crate) fn note(&self, message: &str) {
        self.bar.suspend(|| note(message));
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Returns the duration of this run.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
