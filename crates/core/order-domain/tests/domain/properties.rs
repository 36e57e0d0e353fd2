//! What holds for every sequence of commands, and for every sequence of events, even an impossible one.

mod arbitrary;
mod folding;
mod invariants;
mod money;
