//! Sweeps: process whole tables page by page, in concurrent segments, so that a stopped run can continue.

use std::future::Future;
use std::pin::pin;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::error::OperationError;

/// The position of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place<P> {
    /// Nothing is read yet.
    Beginning,
    /// Everything up to this position is finished.
    After(P),
    /// Everything is finished.
    End,
}

impl<P> Place<P> {
    /// Returns the place after a page that ends at `next`.
    pub fn after(next: Option<P>) -> Self {
        next.map_or(Self::End, Self::After)
    }

    /// Returns the position after which to read, if any; `None` at the end, where nothing is left to read.
    pub const fn to_read(&self) -> Option<Option<&P>> {
        match self {
            Self::Beginning => Some(None),
            Self::After(last) => Some(Some(last)),
            Self::End => None,
        }
    }
}

/// The end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything is finished.
    Complete,
    /// The run was stopped before the end.
    Stopped,
}

/// The pages of one segment.
pub trait SegmentPages: Send + 'static {
    /// The result of a page.
    type Page: Send + 'static;

    /// Processes the next page; `None` if there is none. A later run can start after a page that was returned.
    fn next_page(&mut self) -> impl Future<Output = Result<Option<Self::Page>, OperationError>> + Send;
}

/// Processes all segments concurrently, and passes every page to `settle`, one at a time. When `stop_requested` completes, or
/// a segment fails, the pages in progress are the last ones. Dropping the future cancels the sweep.
///
/// # Errors
/// Returns the first error of a segment or of `settle`.
pub async fn sweep<S: SegmentPages, E: From<OperationError>>(
    segments: Vec<S>,
    stop_requested: impl Future<Output = ()>,
    mut settle: impl FnMut(S::Page) -> Result<(), E>,
) -> Result<Ended, E> {
    let (stop, stopping) = watch::channel(false);
    let (settled, mut pages) = mpsc::channel(segments.len().max(1));
    let mut at_work = JoinSet::new();
    for segment in segments {
        at_work.spawn(work(segment, settled.clone(), stopping.clone()));
    }
    drop(settled);
    let mut stop_requested = pin!(stop_requested);
    let (mut is_stopping, mut result) = (false, Ok(()));
    loop {
        tokio::select! {
            biased;
            () = &mut stop_requested, if !is_stopping => {
                is_stopping = true;
                stop.send_replace(true);
            }
            page = pages.recv() => match page {
                None => break,
                // A finished page is settled even after a failure of another segment.
                Some(page) => {
                    let page = page.map_err(E::from).and_then(&mut settle);
                    result = result.and(page);
                }
            },
        }
        if result.is_err() {
            stop.send_replace(true);
        }
    }
    let mut complete = true;
    while let Some(finished) = at_work.join_next().await {
        complete &= finished.map_err(OperationError::from)?;
    }
    result.map(|()| if complete { Ended::Complete } else { Ended::Stopped })
}

/// Processes one segment. Returns false if it was stopped before its end.
async fn work<S: SegmentPages>(
    mut segment: S,
    settled: mpsc::Sender<Result<S::Page, OperationError>>,
    stopping: watch::Receiver<bool>,
) -> bool {
    while !*stopping.borrow() {
        let Some(page) = segment.next_page().await.transpose() else { return true };
        let failed = page.is_err();
        if settled.send(page).await.is_err() || failed {
            return false;
        }
    }
    false
}
