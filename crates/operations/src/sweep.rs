//! Sweeps: whole tables worked through in segments side by side, page by page, so that a run that was stopped can go on.

use std::future::Future;
use std::pin::pin;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::error::OperationError;

/// The place of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place<P> {
    /// Nothing is read yet.
    Beginning,
    /// Everything up to here is settled.
    After(P),
    /// Everything is settled.
    End,
}

impl<P> Place<P> {
    /// The place after a page that ends there.
    pub fn after(next: Option<P>) -> Self {
        next.map_or(Self::End, Self::After)
    }

    /// The position to read on after, if any; `None` at the end, where there is nothing to read.
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
    /// Everything is settled.
    Complete,
    /// The run was told to stop before that.
    Stopped,
}

/// The pages of one segment.
pub trait SegmentPages: Send + 'static {
    /// The result of a page.
    type Page: Send + 'static;

    /// Works through the next page; `None` where there is none. A later run may begin after a page that was returned.
    fn next_page(&mut self) -> impl Future<Output = Result<Option<Self::Page>, OperationError>> + Send;
}

/// Works through all segments at once, and hands every page to `settle`, one after the other. Where `told_to_stop` ends, or a
/// segment fails, the pages under way are the last ones. Dropped, it is cut off.
///
/// # Errors
/// The first error of a segment or of `settle`.
pub async fn sweep<S: SegmentPages, E: From<OperationError>>(
    segments: Vec<S>,
    told_to_stop: impl Future<Output = ()>,
    mut settle: impl FnMut(S::Page) -> Result<(), E>,
) -> Result<Ended, E> {
    let (stop, stopping) = watch::channel(false);
    let (settled, mut pages) = mpsc::channel(segments.len().max(1));
    let mut at_work = JoinSet::new();
    for segment in segments {
        at_work.spawn(work(segment, settled.clone(), stopping.clone()));
    }
    drop(settled);
    let mut told_to_stop = pin!(told_to_stop);
    let (mut told, mut result) = (false, Ok(()));
    loop {
        tokio::select! {
            biased;
            () = &mut told_to_stop, if !told => {
                told = true;
                stop.send_replace(true);
            }
            page = pages.recv() => match page {
                None => break,
                // Also after a failure: a page that is done is settled.
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

/// Works through one segment; false where it was stopped before its end.
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
