//! The progress bar on standard error.

use std::fmt::Display;
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use crate::text::{complain, note, per_second};

/// A bar that shows the progress of a sweep.
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
        let (bar, template) = match expected {
            Some(expected) => {
                // DynamoDB updates its count every few hours, so the table may contain more items.
                let bar = ProgressBar::new(expected.max(done));
                (bar, format!("{{bar:10}} {{pos}}/~{{len}} {what}  {{wide_msg}}  {{elapsed}}, {{eta}} left"))
            }
            None => (ProgressBar::no_length(), format!("{{spinner}} {{pos}} {what}  {{wide_msg}}  {{elapsed}}")),
        };
        let bar = bar.with_style(ProgressStyle::with_template(&template).context("progress bar")?);
        bar.set_position(done);
        // The work of earlier runs says nothing about the rate of this run.
        bar.reset_eta();
        Ok(Self { bar, started: Instant::now(), before: done })
    }

    /// Shows the number of processed items, and the result so far.
    pub(crate) fn show(&self, done: u64, came_to: impl Display) {
        if self.bar.length().is_some_and(|length| length < done) {
            self.bar.set_length(done);
        }
        let rate = per_second(done.saturating_sub(self.before), self.elapsed());
        self.bar.set_position(done);
        self.bar.set_message(format!("{came_to}  {rate}/s"));
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

/// Returns the approximate number of items in a table, which DynamoDB updates every few hours.
pub(crate) async fn item_count(client: &aws_sdk_dynamodb::Client, table: &str) -> Option<u64> {
    // The number is only for the progress bar, so a caller without the permission continues without it.
    let description = client.describe_table().table_name(table).send().await.ok()?;
    description.table?.item_count.and_then(|count| u64::try_from(count).ok())
}
