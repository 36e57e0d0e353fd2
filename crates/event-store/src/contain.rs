//! A panic in code that reads or folds one commit is that commit's failure, and never its batch's.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Code that panicked. Its text may be logged and kept: it never quotes what an event holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the code panicked{}", self.because())]
pub struct Panicked {
    /// The message, where it is a literal of the code. One that was put together while running may quote an event.
    pub message: Option<&'static str>,
}

impl Panicked {
    fn of(payload: &(dyn Any + Send)) -> Self {
        Self { message: payload.downcast_ref::<&'static str>().copied() }
    }

    fn because(&self) -> String {
        self.message.map(|message| format!(": {message}")).unwrap_or_default()
    }
}

/// Does `work`, and says so where it panicked. What it had begun to change elsewhere may then be half changed, so give it
/// only what is thrown away with it. The panic hook runs all the same, so the place in the code is in the log.
///
/// # Errors
/// When it panicked. A build that aborts on panic ends instead; this workspace's profiles unwind.
pub fn contain<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| Panicked::of(payload.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_panic_passes_through() {
        assert_eq!(contain(|| 7), Ok(7));
    }

    #[test]
    fn a_message_that_is_a_literal_is_kept() {
        let panicked = contain(|| -> u8 { panic!("a page has no end") }).unwrap_err();
        assert_eq!(panicked.to_string(), "the code panicked: a page has no end");
    }

    #[test]
    fn a_message_that_may_quote_an_event_is_not() {
        let email = String::from("someone@example.com");
        let panicked = contain(|| -> u8 { panic!("{email} is no number") }).unwrap_err();
        assert_eq!(panicked.to_string(), "the code panicked");
    }
}
