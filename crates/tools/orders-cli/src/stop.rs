//! Signals that stop a command: Ctrl-C and SIGTERM.

use std::io;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
pub(crate) use operations::Ended;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::progress::Bar;

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
    /// Starts to listen.
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

/// Runs `work` with a future that completes at the first signal. A second signal cancels the work. `parts` names the parts
/// that the work finishes before it stops.
pub(crate) async fn until_stopped<T>(
    bar: &Bar,
    parts: &str,
    work: impl AsyncFnOnce(BoxFuture<'static, ()>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    // One listener: of two, one can see a signal before the other.
    let mut signals = StopSignals::listen()?;
    let (stop, stop_requested) = oneshot::channel();
    let stopped_twice = async {
        signals.next().await;
        // Work that has ended does not receive the request.
        _ = stop.send(());
        // A run that stops at once must end before this message.
        tokio::task::yield_now().await;
        bar.note(&format!("stopping after the {parts} in progress; press Ctrl-C again to stop at once"));
        signals.next().await;
    };
    tokio::select! {
        // A run that stops at once must not print the message about waiting.
        biased;
        done = work(stop_requested.map(|_| ()).boxed()) => done,
        () = stopped_twice => Err(Interrupted(format!("stopped at once: the {parts} in progress may be incomplete")).into()),
    }
}
