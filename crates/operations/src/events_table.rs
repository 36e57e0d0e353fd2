//! The events table that the read models remember. Tables that do not belong together are rejected.

use std::sync::Arc;

use read_models::{EventsTable, ReadModel, ReadModels, RowError, Segment};

use crate::error::OperationError;

/// The number of rows to look up in the events if a read model remembers no events table.
const SAMPLE: u64 = 100;

/// The events tables that the read models remember.
pub struct Remembered(Vec<(Arc<dyn ReadModel>, Option<EventsTable>)>);

/// A read model that was folded from another events table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The location of its rows.
    pub target: String,
    /// The table that it was folded from.
    pub remembered: EventsTable,
}

/// A read model that remembers no events table, and most of whose rows have no commits in this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// The location of its rows.
    pub target: String,
    /// The number of its first rows that were looked up.
    pub looked_up: u64,
    /// The number of these rows without commits.
    pub without_commits: u64,
}

impl Remembered {
    /// Reads the events tables that the read models remember.
    ///
    /// # Errors
    /// Returns an error if rows cannot be read.
    pub async fn read(models: &ReadModels) -> Result<Self, RowError> {
        let mut remembered = Vec::new();
        for model in models {
            remembered.push((Arc::clone(model), model.events_table().await?));
        }
        Ok(Self(remembered))
    }

    /// Returns the read models that were folded from an events table with another id. An unknown id equals no other.
    pub fn mismatches(&self, events_id: Option<&str>) -> impl Iterator<Item = Mismatch> {
        self.0.iter().filter_map(move |(model, remembered)| {
            let remembered = remembered.as_ref().filter(|remembered| Some(remembered.id.as_str()) != events_id)?;
            Some(Mismatch { target: model.target().to_owned(), remembered: remembered.clone() })
        })
    }

    /// Returns the first read model that remembers no events table and whose rows do not match the events.
    ///
    /// # Errors
    /// Returns an error if events or rows cannot be read.
    pub async fn stranger(&self) -> Result<Option<Stranger>, OperationError> {
        for (model, _) in self.0.iter().filter(|(_, remembered)| remembered.is_none()) {
            let stranger = look_up(model.as_ref()).await?;
            if stranger.without_commits * 2 > stranger.looked_up {
                return Ok(Some(stranger));
            }
        }
        Ok(None)
    }

    /// Makes every read model remember an events table, and replaces the remembered one. A table whose id is not known cannot
    /// be remembered.
    ///
    /// # Errors
    /// Returns an error if rows cannot be written.
    pub async fn remember(&self, name: &str, id: Option<&str>) -> Result<(), RowError> {
        let Some(id) = id else { return Ok(()) };
        let events = EventsTable { id: id.to_owned(), name: name.to_owned() };
        for (model, remembered) in &self.0 {
            if remembered.as_ref() != Some(&events) {
                model.remember_events_table(&events).await?;
            }
        }
        Ok(())
    }
}

/// Looks up the first rows of a read model in the events.
async fn look_up(model: &dyn ReadModel) -> Result<Stranger, OperationError> {
    let mut stranger = Stranger { target: model.target().to_owned(), looked_up: 0, without_commits: 0 };
    let mut after = None;
    while stranger.looked_up < SAMPLE {
        let left = u32::try_from(SAMPLE - stranger.looked_up).unwrap_or(u32::MAX);
        let page = model.scan(Segment::WHOLE, after.as_ref(), Some(left)).await?;
        stranger.looked_up += page.rows;
        // A row whose key names no order says nothing about the events table.
        let without = page.orphans.iter().filter(|finding| finding.aggregate_id.is_some()).count();
        stranger.without_commits += u64::try_from(without).unwrap_or(u64::MAX);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(stranger)
}
