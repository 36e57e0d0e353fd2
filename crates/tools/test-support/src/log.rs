//! The lines that a test logs, as JSON.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use serde_json::Value;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

thread_local! {
    /// The text that was logged on this thread. Each test has its own thread, so this is the log of one test.
    static WRITTEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct OnThisThread;

impl io::Write for OnThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        WRITTEN.with_borrow_mut(|written| written.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Captures the log of this process from level `INFO`.
pub fn capture() {
    subscribe(Targets::new());
}

/// Captures the log of this process from level `INFO`, and the log of one target from level `DEBUG`.
pub fn capture_with_debug_of(target: &str) {
    subscribe(Targets::new().with_target(target, LevelFilter::DEBUG));
}

/// Installs one subscriber for all threads. With a subscriber for each thread, the first thread to reach a line would decide
/// for all of them if it is written.
fn subscribe(levels: Targets) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let lines = fmt::layer().json().flatten_event(true).with_writer(|| OnThisThread);
        tracing_subscriber::registry().with(lines).with(levels.with_default(LevelFilter::INFO)).init();
    });
}

/// Returns the text that this thread has logged since the last call.
#[must_use]
pub fn take() -> String {
    String::from_utf8(WRITTEN.take()).unwrap()
}

/// Parses the lines of a log.
#[must_use]
pub fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
