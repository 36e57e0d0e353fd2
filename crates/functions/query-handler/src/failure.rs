//! The reasons why a query fails.

use std::error::Error;

use event_store::{StoreError, TableError};
use function_setup::deadline::OutOfTime;
use http_api::invalid::Place;
use http_api::{Caller, Problem, cursor};
use parked_orders::ParkedError;
use read_models::RowError;

/// The reason why a query fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The caller's request leads to a problem.
    Problem(Problem),
    /// The events cannot be read.
    Events(StoreError),
    /// The events cannot be read. Their owner is therefore not known, and this caller may see only some orders.
    Hidden(StoreError),
    /// The events of an order that the caller may see cannot be read, from some version on.
    Visible(StoreError),
    /// The rows cannot be read.
    Rows(RowError),
    /// The notes on parked orders cannot be read. A reply without them could hide that the rows are stale.
    Parked(ParkedError),
    /// The reply was not ready in time.
    OutOfTime(OutOfTime),
}

impl Failure {
    /// Returns the failure of a forged cursor: its check value is right, but its position does not exist.
    pub(crate) fn bad_cursor() -> Self {
        let place = Place::Parameter("cursor".to_owned());
        Self::Problem(Problem::invalid_request(&[cursor::refused().at(place)]))
    }

    /// Returns the failure as this caller may see it. If the caller may see only some orders, an order that cannot be read
    /// becomes an unknown order: any other reply would reveal that it exists.
    pub(crate) fn shown_to(self, caller: &Caller) -> Self {
        match self {
            Self::Events(error @ StoreError::Unreadable { .. }) if !caller.sees_everyone() => Self::Hidden(error),
            failure @ (Self::Problem(_)
            | Self::Events(_)
            | Self::Hidden(_)
            | Self::Visible(_)
            | Self::Rows(_)
            | Self::Parked(_)
            | Self::OutOfTime(_)) => failure,
        }
    }

    /// Returns the problem for the caller.
    pub(crate) fn problem(self) -> Problem {
        match self {
            Self::Problem(problem) => problem,
            Self::Hidden(_) => Problem::order_not_found(),
            Self::Events(StoreError::Unreadable { version, .. })
            | Self::Visible(StoreError::Unreadable { version, .. }) => Problem::order_unreadable(version),
            Self::Events(StoreError::Table(error))
            | Self::Visible(StoreError::Table(error))
            | Self::Rows(RowError::Table(error))
            | Self::Parked(ParkedError::Table(error)) => match error {
                TableError::Unavailable { .. } => Problem::unavailable(),
                TableError::Refused { .. } => Problem::internal(),
            },
            Self::Rows(RowError::OutOfTime) | Self::OutOfTime(_) => Problem::unavailable(),
            Self::Events(StoreError::Unwritable { .. })
            | Self::Visible(StoreError::Unwritable { .. })
            | Self::Rows(RowError::Unreadable { .. } | RowError::Unwritable { .. })
            | Self::Parked(ParkedError::Unreadable { .. }) => Problem::internal(),
        }
    }

    /// Returns the function's own error, which only the log contains.
    pub(crate) fn error(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Problem(_) => None,
            Self::Events(error) | Self::Hidden(error) | Self::Visible(error) => Some(error),
            Self::Rows(error) => Some(error),
            Self::Parked(error) => Some(error),
            Self::OutOfTime(error) => Some(error),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Events(error)
    }
}

impl From<RowError> for Failure {
    fn from(error: RowError) -> Self {
        Self::Rows(error)
    }
}

impl From<ParkedError> for Failure {
    fn from(error: ParkedError) -> Self {
        Self::Parked(error)
    }
}

impl From<OutOfTime> for Failure {
    fn from(error: OutOfTime) -> Self {
        Self::OutOfTime(error)
    }
}
