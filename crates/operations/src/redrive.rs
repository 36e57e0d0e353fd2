//! Takes parked orders out again, once what held them back is mended.
//!
//! A redrive does for a consumer what it could not do when the stream came by, from OrderEvents and in sequence: the commits
//! from the parked version up to the last that is known to wait. It ends by taking the note away on the condition that
//! nothing more waits by then, and goes on where something does. So whatever happens meanwhile, nothing that waits is
//! forgotten; and cut off anywhere, it can be begun again, which does some of it twice.
//!
//! Start at [`Redrive::order`].
//!
//! | file | holds |
//! |---|---|
//! | `redrive.rs` | the loop from a note to no note |
//! | `waiting` | the commits that wait, in sequence |
//! | `events`, `rows` | what each kind of consumer does with them |

mod events;
mod rows;
mod waiting;

use event_store::{DynamoEventStore, StoreError};
use parked_orders::{Consumer, Parked, ParkedError, ParkedOrders, Parking};
use publication::EventBus;
use read_models::ReadModels;

use waiting::Waiting;

/// Redrives orders, of every consumer.
#[derive(Debug, Clone)]
pub struct Redrive {
    store: DynamoEventStore,
    notes: ParkedOrders,
    bus: EventBus,
    models: ReadModels,
}

/// What became of a parked order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redriven {
    /// It was not parked.
    NotParked,
    /// All that waited is done, and it is no longer parked.
    Done {
        /// How many commits waited.
        commits: u64,
    },
    /// A commit still cannot be processed. What came before it is done, and the attempt is noted.
    StillParked {
        /// How many commits came before it.
        commits: u64,
        /// Its version.
        version: u64,
        /// Why it cannot be processed; it quotes nothing that an event holds.
        reason: String,
    },
}

/// Why an order could not be redriven: nothing that its commits are to blame for. It stays parked.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// The notes could not be read or written.
    #[error(transparent)]
    Notes(#[from] ParkedError),
    /// The events could not be read.
    #[error(transparent)]
    Events(#[from] StoreError),
    /// The bus did not take an event.
    #[error("the event bus did not take an event: {cause}")]
    Bus {
        /// What it said.
        cause: String,
    },
    /// A row could not be read or written.
    #[error("the row is not written: {cause}")]
    Row {
        /// What went wrong.
        cause: String,
    },
    /// The read model is not in the list of this deployment.
    #[error("the read model is left out")]
    LeftOut,
    /// The row is of a newer release, which has to redrive it.
    #[error("the row is of a newer projection number: redrive it with that release")]
    NewerProjection,
}

/// A commit that cannot be processed.
struct Halt {
    version: u64,
    reason: String,
}

impl Redrive {
    /// Redrives from `store`, to the bus and to the rows of the projections, what `notes` say.
    #[must_use]
    pub fn new(store: DynamoEventStore, notes: ParkedOrders, bus: EventBus, models: ReadModels) -> Self {
        Self { store, notes, bus, models }
    }

    /// Redrives an order for one consumer.
    ///
    /// # Errors
    /// When notes, events, rows or bus are not to be had. What was done until then may be done again.
    pub async fn order(&self, consumer: Consumer, order: &str) -> Result<Redriven, RedriveError> {
        let mut commits = 0;
        let mut waiting: Option<Waiting<'_>> = None;
        while let Some(note) = self.notes.find(consumer, order).await? {
            // Where it is parked as before, only more of it waits: that is all there is left to do.
            let next = waiting.as_ref().filter(|before| before.begin == note.version).map(|before| before.next);
            let rest = waiting.insert(Waiting::new(&self.store, &note, next.unwrap_or(note.version)));
            let from = rest.next;
            let halt = match consumer {
                Consumer::Publisher => events::publish(&self.bus, rest).await?,
                Consumer::OrderSummaryByCustomer | Consumer::CustomerTotals => {
                    let model = self.models.find(consumer.as_str()).ok_or(RedriveError::LeftOut)?;
                    rows::project(model.as_ref(), rest).await?
                }
            };
            if let Some(Halt { version, reason }) = halt {
                commits += version.saturating_sub(from);
                self.note(&note, version, &reason).await?;
                return Ok(Redriven::StillParked { commits, version, reason });
            }
            commits += rest.next.saturating_sub(from);
            if self.notes.unpark(&note).await? {
                return Ok(Redriven::Done { commits });
            }
        }
        // Also where somebody else took it out meanwhile.
        Ok(if commits == 0 { Redriven::NotParked } else { Redriven::Done { commits } })
    }

    /// Notes a further attempt, at the version that it came to; nothing where somebody took the order out meanwhile.
    async fn note(&self, note: &Parked, version: u64, reason: &str) -> Result<(), ParkedError> {
        let parking = Parking {
            aggregate_id: note.aggregate_id.clone(),
            customer_id: note.customer_id.clone(),
            version,
            held_up_to: note.held_up_to.max(version),
            reason: reason.to_owned(),
        };
        self.notes.note_attempt(note.consumer, &parking).await.map(|_| ())
    }
}
