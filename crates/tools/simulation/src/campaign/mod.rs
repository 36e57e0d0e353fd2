//! Running histories: one of a plan, or many until one fails.
//!
//! | file | holds |
//! |---|---|
//! | [`run`], `traffic`, `consumers`, `final_reads` | one history: its phases, its clients, its consumers, and the reads at its end |
//! | `harness` | the state that the participants of a history share, and their construction |
//! | [`run_error`] | errors of the harness |
//! | [`histories`] | many histories, until one fails |
//! | [`mod@shrink`] | a smaller plan that still fails |

mod consumers;
mod final_reads;
mod harness;
pub mod histories;
pub mod run;
pub mod run_error;
pub mod shrink;
mod traffic;
