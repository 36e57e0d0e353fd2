//! Signals that stop a command: Ctrl-C and SIGTERM.

use std::io;

pub(crate) use operations::Ended;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The error of a command that a signal stopped before its end. The process exits with 130.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Interrupted(pub(crate) String);

/// A listener for both signals. Once one exists, neither signal ends the process by default.
pub(crate) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Starts to listen. Every listener receives every signal.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
