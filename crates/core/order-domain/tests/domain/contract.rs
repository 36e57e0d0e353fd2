//! What is on disk stays readable.

mod events;
mod state;
