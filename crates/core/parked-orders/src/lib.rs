//! Orders that a commit holds back which a consumer of the stream cannot process.
//!
//! A commit that cannot be read, folded or published never mends itself, so retrying it only holds up everybody behind it. Its
//! consumer *parks* the order instead: it notes from which version on, and goes on with all others. What follows in that order
//! waits with it, in sequence, until somebody has mended the cause and *redrives* it. This crate keeps the notes; it must never
//! know how a commit is processed.
//!
//! | file | holds |
//! |---|---|
//! | [`parked`] | who parks, what is noted, why it cannot be |
//! | [`table`] | the notes in DynamoDB |
//! | [`count`] | the number of parked orders and the age of the oldest |
//! | [`unaddressable`] | notes on records that name no order, and that are passed by |
//! | `note` | a note as a DynamoDB item |

pub mod count;
mod note;
pub mod parked;
pub mod table;
pub mod unaddressable;

pub use count::ParkedCount;
pub use parked::{Consumer, Parked, ParkedError, Parking};
pub use table::{DeferredPage, Next, ParkedOrders};
pub use unaddressable::{UnaddressableNote, UnaddressableRecord};
