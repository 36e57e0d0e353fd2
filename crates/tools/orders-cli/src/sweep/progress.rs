//! The bar on standard error.

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
    /// Looked at by earlier runs: no part of the rate.
    before: u64,
}

impl Bar {
    /// A bar for about `expected` of `what`, or one without an end; `done` of them are behind it.
    pub(crate) fn new(what: &str, expected: Option<u64>, done: u64) -> anyhow::Result<Self> {
        let (bar, template) = match expected {
            Some(expected) => {
                // DynamoDB counts every few hours: there may be more by now.
                let bar = ProgressBar::new(expected.max(done));
                (bar, format!("{{bar:10}} {{pos}}/~{{len}} {what}  {{wide_msg}}  {{elapsed}}, {{eta}} left"))
            }
            None => (ProgressBar::no_length(), format!("{{spinner}} {{pos}} {what}  {{wide_msg}}  {{elapsed}}")),
        };
        let bar = bar.with_style(ProgressStyle::with_template(&template).context("progress bar")?);
        bar.set_position(done);
        // What earlier runs did says nothing of how fast this one is.
        bar.reset_eta();
        Ok(Self { bar, started: Instant::now(), before: done })
    }

    /// Shows how many are behind it, and what they came to.
    pub(crate) fn show(&self, done: u64, came_to: impl Display) {
        if self.bar.length().is_some_and(|length| length < done) {
            self.bar.set_length(done);
        }
        let rate = per_second(done.saturating_sub(self.before), self.elapsed());
        self.bar.set_position(done);
        self.bar.set_message(format!("{came_to}  {rate}/s"));
    }

    /// Says what is wrong, above the bar.
    pub(crate) fn complain(&self, what: &str) {
        self.bar.suspend(|| complain(what));
    }

    /// Says what is worth knowing, above the bar.
    pub(crate) fn note(&self, message: &str) {
        self.bar.suspend(|| note(message));
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// The time that this run has taken.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// About how many items a table has; DynamoDB counts every few hours.
pub(crate) async fn item_count(client: &aws_sdk_dynamodb::Client, table: &str) -> Option<u64> {
    // A figure for the progress bar: who may not ask for it goes without.
    let description = client.describe_table().table_name(table).send().await.ok()?;
    description.table?.item_count.and_then(|count| u64::try_from(count).ok())
}
