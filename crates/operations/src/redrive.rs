//! Redrives parked orders after the cause is repaired.
//!
//! A redrive reads the waiting commits from OrderEvents, from the parked version up to the last version that is known to
//! wait, and has the consumer process them in sequence. It then deletes the note, on the condition that no more commits
//! wait. Otherwise it continues with the new commits. Therefore no waiting commit is lost, even during concurrent changes.
//! An interrupted redrive can be repeated: it processes some commits twice.
//!
//! Start at [`Redrive::order`].
//!
//! | file | contents |
//! |---|---|
//! | `redrive.rs` | the loop that processes a note until it is deleted |
//! | `waiting` | the waiting commits, in sequence |
//! | `consumers` | the processing of these commits by the publisher and by a read model |

mod consumers;
mod waiting;

use event_store::DynamoEventStore;
use parked_orders::{Consumer, ParkRequest, ParkedError, ParkedOrder, ParkedOrderTable};
use publication::EventBus;
use read_models::ReadModels;

pub use consumers::RedriveError;
use consumers::{PoisonCommit, project, publish};
use waiting::Waiting;

/// Redrives orders of every consumer.
#[derive(Debug, Clone)]
pub struct Redrive {
    store: DynamoEventStore,
    notes: ParkedOrderTable,
    bus: EventBus,
    models: ReadModels,
}

/// The result of a redrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redriven {
    /// The order was not parked.
    NotParked,
    /// All waiting commits are processed, and the order is no longer parked.
    Done {
        /// The number of commits that were waiting.
        commits: u64,
    },
    /// A commit still cannot be processed. The commits before it are processed, and the attempt is noted.
    StillParked {
        /// The number of processed commits before it.
        commits: u64,
        /// Its version.
        version: u64,
        /// The reason, without any text from the event.
        reason: String,
    },
}

impl Redrive {
    /// Redrives the orders of `notes` from `store`, to the bus and to the rows of the read models.
    #[must_use]
    pub const fn new(store: DynamoEventStore, notes: ParkedOrderTable, bus: EventBus, models: ReadModels) -> Self {
        Self { store, notes, bus, models }
    }

    /// Redrives an order for one consumer.
    ///
    /// # Errors
    /// Returns an error if notes, events, rows or bus are unavailable. A repeated redrive can process some commits again.
    pub async fn order(&self, consumer: &Consumer, order: &str) -> Result<Redriven, RedriveError> {
        let mut commits = 0;
        let mut waiting: Option<Waiting<'_>> = None;
        while let Some(note) = self.notes.find(consumer, order).await? {
            // If the order is still parked at the same version, only the additional commits must be processed.
            let next = waiting.as_ref().filter(|before| before.begin == note.version).map(|before| before.next);
            let rest = waiting.insert(Waiting::new(&self.store, &note, next.unwrap_or(note.version)));
            let from = rest.next;
            if let Some(PoisonCommit { version, reason }) = self.process(consumer, rest).await? {
                commits += version.saturating_sub(from);
                self.note(&note, version, &reason).await?;
                return Ok(Redriven::StillParked { commits, version, reason });
            }
            commits += rest.next.saturating_sub(from);
            if self.notes.unpark(&note).await? {
                return Ok(Redriven::Done { commits });
            }
        }
        // Another redrive may have unparked the order meanwhile.
        Ok(if commits == 0 { Redriven::NotParked } else { Redriven::Done { commits } })
    }

    /// Has the consumer process the waiting commits, until a commit cannot be processed.
    async fn process(
        &self,
        consumer: &Consumer,
        waiting: &mut Waiting<'_>,
    ) -> Result<Option<PoisonCommit>, RedriveError> {
        let model = self.models.find(consumer.as_str());
        if model.is_none() && *consumer != Consumer::PUBLISHER {
            return Err(RedriveError::UnknownConsumer);
        }
        loop {
            let (page, parked) = (waiting.page().await?, waiting.begin);
            if page.is_empty() {
                return Ok(None);
            }
            let poison = match model {
                Some(model) => project(model.as_ref(), page, parked).await?,
                None => publish(&self.bus, page, parked).await?,
            };
            if poison.is_some() {
                return Ok(poison);
            }
        }
    }

    /// Notes a further attempt and the version that it reached. Does nothing if another redrive has unparked the order
    /// meanwhile.
    async fn note(&self, note: &ParkedOrder, version: u64, reason: &str) -> Result<(), ParkedError> {
        let request = ParkRequest {
            aggregate_id: note.aggregate_id.clone(),
            customer_id: note.customer_id.clone(),
            version,
            held_up_to: note.held_up_to.max(version),
            reason: reason.to_owned(),
        };
        self.notes.note_attempt(&note.consumer, &request).await.map(|_| ())
    }
}
