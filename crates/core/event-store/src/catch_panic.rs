//! Limits a panic to the commit that caused it, so that the rest of its batch continues.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A panic. Its text can be logged and stored, because it never quotes the content of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the code panicked{}", self.because())]
pub struct Panic {
    /// The message, if it is a literal in the code. A message that is formatted at run time may quote an event.
    pub message: Option<&'static str>,
}

impl Panic {
    fn of(payload: &(dyn Any + Send)) -> Self {
        Self { message: payload.downcast_ref::<&'static str>().copied() }
    }

    fn because(&self) -> String {
        self.message.map(|message| format!(": {message}")).unwrap_or_default()
    }
}

/// Runs `work` and returns a panic as an error. A panic may leave changes outside `work` half done, so pass only data
/// that is discarded afterwards. The panic hook still runs, so the log contains the place in the code.
///
/// # Errors
/// Returns [`Panic`] if `work` panicked. A build that aborts on panic ends instead; this workspace's profiles
/// unwind.
pub fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, Panic> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| Panic::of(payload.as_ref()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_dynamo::AttributeValue;

    use super::*;
    use crate::{Aggregate, CodecError, EncodedEvent, EventPosition, Tags, Timestamp, item};

    /// An aggregate whose events always panic when they are read.
    struct Unreadable;

    impl Aggregate for Unreadable {
        type State = ();
        type Event = ();
        const STATE_SCHEMA: u32 = 1;
        const TAGS: &'static [&'static str] = &[];

        fn evolve((): (), (): &(), _: EventPosition) {}

        fn tags((): &(), _: Timestamp) -> Tags {
            Tags::new()
        }

        fn encode((): &()) -> Result<EncodedEvent, CodecError> {
            Err("not needed".into())
        }

        fn decode(event: EncodedEvent) -> Result<(), CodecError> {
            panic!("{} is no amount", event.data)
        }
    }

    #[test]
    fn an_item_whose_reading_panics_cannot_be_read_and_that_is_all() {
        let string = |text: &str| AttributeValue::S(text.to_owned());
        let map = |pairs: Vec<(&str, AttributeValue)>| {
            pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<HashMap<_, _>>()
        };
        let event = map(vec![
            ("eventId", string("019aa5d6-2c40-7b31-8f0e-5d1c9a7e2001")),
            ("eventType", string("Paid")),
            ("schemaVersion", AttributeValue::N("1".to_owned())),
            ("data", string("someone@example.com")),
        ]);
        let item = map(vec![
            (item::AGGREGATE_ID, string("a-1")),
            (item::VERSION, AttributeValue::N("1".to_owned())),
            ("recordedAt", string("2026-11-21T09:30:00.123Z")),
            ("actor", string("anna")),
            ("requestId", string("r-1")),
            ("requestHash", AttributeValue::B(vec![0; 16])),
            ("events", AttributeValue::L(vec![AttributeValue::M(event)])),
        ]);
        let error = item::decode::<Unreadable>(item.into()).unwrap_err();
        assert_eq!(error.to_string(), "the code panicked");
    }

    #[test]
    fn what_does_not_panic_passes_through() {
        assert_eq!(catch_panic(|| 7), Ok(7));
    }

    #[test]
    fn a_message_that_is_a_literal_is_kept() {
        let panicked = catch_panic(|| -> u8 { panic!("a page has no end") }).unwrap_err();
        assert_eq!(panicked.to_string(), "the code panicked: a page has no end");
    }

    #[test]
    fn a_message_that_may_quote_an_event_is_not() {
        let email = String::from("someone@example.com");
        let panicked = catch_panic(|| -> u8 { panic!("{email} is no number") }).unwrap_err();
        assert_eq!(panicked.to_string(), "the code panicked");
    }
}
