//! Notes on records that name no order.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use parked_orders::{Consumer, ParkedError, UnaddressableRecord};

use crate::{TABLE, all, dynamo, parking};

fn record(sequence_number: Option<&str>, event_id: Option<&str>) -> UnaddressableRecord {
    UnaddressableRecord {
        sequence_number: sequence_number.map(str::to_owned),
        event_id: event_id.map(str::to_owned),
        key: "aggregateId: none, version: none".to_owned(),
        reason: "aggregateId is missing".to_owned(),
    }
}

#[tokio::test]
async fn a_record_has_one_note_whichever_functions_pass_it_by() {
    let (_server, parked) = dynamo().await;
    for function in ["projector", "publisher", "projector"] {
        parked.note_unaddressable(function, &record(Some("7"), Some("e-1"))).await.unwrap();
    }
    let page = parked.page(None).await.unwrap();
    let [Ok(note)] = &page.unaddressable[..] else { unreachable!("one note: {page:?}") };
    assert_eq!((note.id.as_str(), note.event_id.as_deref(), note.attempts), ("7", Some("e-1"), 3));
    assert_eq!(note.noted_by, BTreeSet::from(["projector".to_owned(), "publisher".to_owned()]));
    assert_eq!(
        (note.key.as_str(), note.reason.as_str()),
        ("aggregateId: none, version: none", "aggregateId is missing")
    );
}

#[tokio::test]
async fn a_record_is_noted_by_whatever_names_it() {
    let (_server, parked) = dynamo().await;
    let long = "7".repeat(1025);
    for record in [record(None, Some("e-1")), record(Some(&long), None), record(None, None), record(Some(""), Some(""))]
    {
        parked.note_unaddressable("publisher", &record).await.unwrap();
    }
    let notes = parked.page(None).await.unwrap().unaddressable.into_iter().map(Result::unwrap);
    let noted: Vec<_> = notes.map(|note| (note.id, note.attempts)).collect();
    assert_eq!(noted, [("e-1".to_owned(), 1), ("unidentified".to_owned(), 3)]);
}

#[tokio::test]
async fn a_note_on_a_record_is_no_parked_order() {
    let (_server, parked) = dynamo().await;
    parked.note_unaddressable("publisher", &record(Some("o-1"), None)).await.unwrap();
    parked.park(&Consumer::PUBLISHER, &parking("o-2", 1, 1)).await.unwrap();
    assert_eq!(parked.count(&Consumer::PUBLISHER).await.unwrap().orders, 1);
    assert!(parked.among(&Consumer::PUBLISHER, &["o-1"]).await.unwrap().is_empty());
    assert_eq!(parked.find(&Consumer::PUBLISHER, "o-1").await.unwrap(), None);
    assert_eq!(all(&parked).await.0.len(), 1);
}

#[tokio::test]
async fn a_note_of_another_form_says_so_and_hides_no_other() {
    let (server, parked) = dynamo().await;
    parked.note_unaddressable("publisher", &record(Some("7"), None)).await.unwrap();
    let put = server.client().put_item().table_name(TABLE);
    let put = put.item("consumer", AttributeValue::S("UnaddressableRecords".to_owned()));
    put.item("aggregateId", AttributeValue::S("8".to_owned())).send().await.unwrap();
    let page = parked.page(None).await.unwrap();
    let (notes, problems): (Vec<_>, Vec<_>) = page.unaddressable.into_iter().partition(Result::is_ok);
    assert_eq!((notes.len(), problems.len()), (1, 1));
    assert!(
        matches!(&problems[0], Err(ParkedError::Unreadable { aggregate_id, .. }) if aggregate_id == "8"),
        "{problems:?}"
    );
}
