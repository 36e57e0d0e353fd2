//! The log on disk.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use embedded_eventbridge::{EmbeddedError, EmbeddedEventBridge, LogLocation};
use serde_json::Value;

use crate::{ANY_PORT, numbered, numbers, put, sound, start, start_on};

fn kept(file: &Path) -> LogLocation {
    LogLocation::File(file.to_owned())
}

#[tokio::test]
async fn acknowledged_events_are_in_the_file_one_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    let bus = start_on(kept(&file)).await;
    let spread = sound().detail("\n{\"z\": 1.50,\r\n\t\"a\":\"line\\nend\"}\n").build();
    put(&bus.client(), vec![numbered(1), spread]).await.unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "{\"n\":1}\n{\"z\": 1.50,  \t\"a\":\"line\\nend\"}\n");
}

#[tokio::test]
async fn a_restart_goes_on_where_the_file_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    for n in 1..=3 {
        let bus = start_on(kept(&file)).await;
        put(&bus.client(), vec![numbered(n)]).await.unwrap();
        assert_eq!(numbers(&bus.published().await), (1..=n as u64).collect::<Vec<_>>());
        assert_eq!(bus.counts().accepted, 1);
        bus.stop().await;
    }
}

#[tokio::test]
async fn half_a_line_at_the_end_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    for half in ["{", "{\"n\":2}", "{\"n\":2,\"longer\":\"than what follows"] {
        fs::write(&file, "{\"n\":1}\n").unwrap();
        OpenOptions::new().append(true).open(&file).unwrap().write_all(half.as_bytes()).unwrap();
        let bus = start_on(kept(&file)).await;
        put(&bus.client(), vec![numbered(3)]).await.unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "{\"n\":1}\n{\"n\":3}\n", "{half}");
    }
}

#[tokio::test]
async fn another_file_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    for (text, line) in [("# Notes\n", 1), ("{}\n\n", 2), ("{}\nnotes", 2), ("{}\n[]\n{}\n", 2), ("{}\n{garbage}\n", 2)]
    {
        fs::write(&file, text).unwrap();
        let started = EmbeddedEventBridge::start(ANY_PORT, [], kept(&file)).await;
        let error = started.err().unwrap();
        let expected = format!("{} is not an event log: line {line} is not a JSON object", file.display());
        assert_eq!(error.to_string(), expected, "{text:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    let started = EmbeddedEventBridge::start(ANY_PORT, [], kept(folder.path())).await;
    assert!(matches!(started.err(), Some(EmbeddedError::Log { .. })));
}

#[tokio::test]
async fn a_temporary_log_knows_nothing_of_the_last_one() {
    let bus = start().await;
    put(&bus.client(), vec![numbered(1)]).await.unwrap();
    bus.stop().await;
    assert_eq!(start().await.published().await, Vec::<Value>::new());
}

#[tokio::test]
async fn calls_at_once_do_not_mix_their_entries() {
    let bus = start().await;
    let client = bus.client();
    let calls = (0..20).map(|call| put(&client, (call * 10..call * 10 + 10).map(numbered).collect()));
    for codes in futures_util::future::join_all(calls).await {
        assert_eq!(codes.unwrap(), vec![None; 10]);
    }
    let numbers = numbers(&bus.published().await);
    for call in numbers.chunks(10) {
        assert_eq!(call, (call[0]..call[0] + 10).collect::<Vec<_>>());
    }
    assert_eq!(numbers.len(), 200);
}
