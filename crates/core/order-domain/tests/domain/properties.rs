//! Properties of every sequence of commands, and of every sequence of events, even an impossible one.

mod arbitrary;
mod folding;
mod invariants;
mod money;
