//! Stored events and states stay readable.

mod events;
mod state;
