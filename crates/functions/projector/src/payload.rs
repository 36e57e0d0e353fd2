//! The payload of an invocation: a batch of the stream, or the tick of the schedule.

use serde::Deserialize;
use serde_json::value::RawValue;
use stream_consumer::StreamEvent;

/// The payload of an invocation.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Members")]
pub enum Payload {
    /// A batch of the OrderEvents stream: `{"Records": [...]}`.
    Stream(StreamEvent),
    /// The tick of the schedule: `{"task": "tick"}`, as in `template.yaml`.
    Tick,
}

/// The payload is neither of the two kinds, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(r#"the payload is neither a batch of the stream nor {{"task": "tick"}}"#)]
pub struct UnknownPayload;

/// The members that distinguish the payloads. Others are ignored, because Lambda may add members to its event.
#[derive(Deserialize)]
struct Members {
    #[serde(rename = "Records")]
    records: Option<Vec<Box<RawValue>>>,
    task: Option<Task>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Task {
    Tick,
}

impl TryFrom<Members> for Payload {
    type Error = UnknownPayload;

    fn try_from(members: Members) -> Result<Self, UnknownPayload> {
        match (members.records, members.task) {
            (Some(records), None) => Ok(Self::Stream(StreamEvent { records })),
            (None, Some(Task::Tick)) => Ok(Self::Tick),
            (None, None) | (Some(_), Some(_)) => Err(UnknownPayload),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_a_batch_or_a_tick_and_nothing_else() {
        let read = |text: &str| serde_json::from_str::<Payload>(text);
        let batch = read(r#"{"Records": [{"eventID": "e-1"}], "added": "by a later Lambda"}"#).unwrap();
        assert!(matches!(batch, Payload::Stream(event) if event.records[0].get() == r#"{"eventID": "e-1"}"#));
        assert!(matches!(read(r#"{"task": "tick"}"#).unwrap(), Payload::Tick));
        for other in [
            "{}",
            "null",
            r#"{"task": "tock"}"#,
            r#"{"task": "tick", "Records": []}"#,
            r#"{"Records": {}}"#,
            r#"{"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}"#,
        ] {
            assert!(read(other).is_err(), "{other}");
        }
    }
}
