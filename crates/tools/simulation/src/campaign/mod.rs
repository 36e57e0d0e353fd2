//! Running histories: one of a plan, or many until one fails.
//!
//! | file | holds |
//! |---|---|
//! | [`run`], `scene`, `books` | one history: its order of events, who takes part, what is read at its end |
//! | [`run_error`] | errors of the harness |
//! | `trial` | a history that is run and checked |
//! | [`histories`] | many histories, until one fails |
//! | [`mod@shrink`] | a smaller plan that still fails |

mod books;
pub mod histories;
pub mod run;
pub mod run_error;
mod scene;
pub mod shrink;
mod trial;
