//! The JSON payload of a function: Lambda's event for DynamoDB Streams.

use bytes::Bytes;
use dynoxide::actions::get_records::Record;
use serde::Serialize;

use super::stream::ReadRecord;

/// A stream record as GetRecords returns it, with the one member that Lambda adds.
#[derive(Serialize)]
struct EventRecord<'a> {
    #[serde(flatten)]
    record: &'a Record,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
}

/// Encodes one record in the form that it has in an event.
pub(crate) fn encoded(record: &Record, stream_arn: &str) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&EventRecord { record, event_source_arn: stream_arn })
}

/// Builds the event for these records.
pub(crate) fn dynamodb_event(records: &[ReadRecord]) -> Bytes {
    let records: Vec<&[u8]> = records.iter().map(ReadRecord::encoded).collect();
    [br#"{"Records":["#.as_slice(), &records.join(&b','), b"]}"].concat().into()
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::event::dynamodb::Event;
    use dynoxide::AttributeValue;
    use dynoxide::actions::get_records::StreamRecord;

    use super::*;

    #[test]
    fn an_event_reads_back_as_lambdas_own_type() {
        let item = [("aggregateId".to_owned(), AttributeValue::S("o-1".to_owned()))];
        let record = Record {
            event_id: "e-1".to_owned(),
            event_name: "INSERT".to_owned(),
            event_version: "1.1".to_owned(),
            event_source: "aws:dynamodb".to_owned(),
            aws_region: "local".to_owned(),
            dynamodb: StreamRecord {
                keys: item.clone().into(),
                new_image: Some(item.into()),
                sequence_number: "100000000000000000001".to_owned(),
                size_bytes: 7,
                stream_view_type: "NEW_IMAGE".to_owned(),
                approximate_creation_date_time: 1_761_000_000.0,
                ..Default::default()
            },
            ..Default::default()
        };
        let read = || ReadRecord::new(&record, "arn:stream").unwrap();
        let event: Event = serde_json::from_slice(&dynamodb_event(&[read(), read()])).unwrap();
        assert_eq!(event.records.len(), 2);
        let read = &event.records[0];
        assert_eq!((read.event_name.as_str(), read.event_source_arn.as_deref()), ("INSERT", Some("arn:stream")));
        assert_eq!(read.change.sequence_number.as_deref(), Some("100000000000000000001"));
        assert_eq!(read.change.approximate_creation_date_time.timestamp(), 1_761_000_000);
        let image: std::collections::HashMap<String, String> =
            serde_dynamo::from_item(read.change.new_image.clone()).unwrap();
        assert_eq!(image["aggregateId"], "o-1");
    }
}
