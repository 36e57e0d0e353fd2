//! Orders that a consumer of the stream cannot process.
//!
//! No retry repairs a commit that cannot be read, folded or published, and retries delay the orders after it. So the
//! consumer *parks* the order: it notes the version and continues with all other orders. Later commits of the order
//! wait, in sequence, until an operator repairs the cause and *redrives* the order. This crate stores the notes. It
//! must never know how a commit is processed, nor which consumers exist.
//!
//! | file | holds |
//! |---|---|
//! | [`consumer`] | the names of consumers |
//! | [`parked`] | parked orders, and the errors of their table |
//! | [`table`] | the notes in DynamoDB |
//! | [`count`] | the number of parked orders and the age of the oldest |
//! | [`unaddressable`] | notes on records that name no order and that consumers skip |
//! | `note` | a note as a DynamoDB item |

pub mod consumer;
pub mod count;
mod note;
pub mod parked;
pub mod table;
pub mod unaddressable;

pub use consumer::Consumer;
pub use count::ParkedCount;
pub use parked::{ParkRequest, ParkedError, ParkedOrder};
pub use table::{DeferredPage, Next, ParkedOrderTable};
pub use unaddressable::{UnaddressableNote, UnaddressableRecord};
