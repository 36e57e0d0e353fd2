//! Sweeps: process whole tables page by page, in concurrent segments, so that a stopped run can continue.

use std::future::Future;
use std::pin::pin;

use read_models::Segment;
use serde::{Deserialize, Serialize};
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

/// Creates a segment of a table for each place.
pub(crate) fn segments<P: Clone, S>(places: &[P], segment: impl Fn(Segment, P) -> S) -> Vec<S> {
    let of = u32::try_from(places.len()).unwrap_or(u32::MAX);
    (0..).zip(places).map(|(number, place)| segment(Segment { number, of }, place.clone())).collect()
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
    let mut pages = JoinSet::new();
    segments.into_iter().for_each(|segment| _ = pages.spawn(next_page(segment)));
    let mut stop_requested = pin!(stop_requested);
    let (mut is_stopping, mut ended, mut result) = (false, Ended::Complete, Ok(()));
    loop {
        let page = tokio::select! {
            biased;
            () = &mut stop_requested, if !is_stopping => {
                is_stopping = true;
                continue;
            }
            page = pages.join_next() => page,
        };
        // A finished page is settled even after a failure of another segment.
        let settled = match page {
            None => return result.map(|()| ended),
            Some(Ok((Ok(None), _finished))) => continue,
            Some(Ok((Ok(Some(page)), segment))) => {
                let settled = settle(page);
                if is_stopping || result.is_err() || settled.is_err() {
                    ended = Ended::Stopped;
                } else {
                    pages.spawn(next_page(segment));
                }
                settled
            }
            Some(Ok((Err(error), _failed))) => Err(error.into()),
            Some(Err(panicked)) => Err(OperationError::from(panicked).into()),
        };
        result = result.and(settled);
    }
}

/// Processes the next page of a segment.
async fn next_page<S: SegmentPages>(mut segment: S) -> (Result<Option<S::Page>, OperationError>, S) {
    (segment.next_page().await, segment)
}
