//! Being told to stop: by Ctrl-C, or by SIGTERM.

use std::io;

pub(crate) use operations::Ended;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The error of a command that a signal has stopped before its end: the process exits with 130.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Interrupted(pub(crate) String);

/// A listener for both. Once there has been one, neither signal ends the process by itself.
pub(crate) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Listens from now on; every listener hears every signal.
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
