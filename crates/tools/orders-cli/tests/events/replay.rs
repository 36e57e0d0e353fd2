//! `orders replay`, against both embedded services.

use std::path::PathBuf;
use std::process::Command;

use embedded_eventbridge::EmbeddedEventBridge;
use test_support::recorded::{Recorded, arrived, events_of, in_sequence, second, sorted};

use crate::{bus, orders, output, said, stderr, stdout};

pub(crate) struct Scene {
    pub(crate) recorded: Recorded,
    pub(crate) bus: EmbeddedEventBridge,
    pub(crate) folder: tempfile::TempDir,
}

impl Scene {
    pub(crate) async fn with_orders(count: u64) -> Self {
        let recorded = Recorded::nothing().await;
        recorded.orders(count).await;
        Self { recorded, bus: bus().await, folder: tempfile::tempdir().unwrap() }
    }

    /// The command in a folder of its own.
    pub(crate) fn replay(&self, arguments: &[&str]) -> Command {
        let mut command = orders(&["replay", "--local", "--yes"]);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("AWS_ENDPOINT_URL_DYNAMODB", self.recorded.dynamodb.endpoint())
            .env("AWS_ENDPOINT_URL_EVENTBRIDGE", self.bus.endpoint());
        command
    }

    pub(crate) async fn arrived(&self) -> Vec<String> {
        arrived(&self.bus.published().await)
    }

    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("orders-replay-{name}.json"))
    }
}

pub(crate) const ALL: [&str; 4] = ["--from", "2026-11-21T09:00:00Z", "--rate", "100000"];

#[tokio::test]
async fn exactly_the_range_is_published_with_its_mark_and_in_sequence() {
    let scene = Scene::with_orders(8).await;
    let range = ["--from", "2026-11-21T09:00:02Z", "--to", "2026-11-21T10:00:05+01:00", "--rate", "100000"];
    let done = output(scene.replay(&range)).await;
    assert_eq!((done.status.code(), said(&done)), (Some(0), ""));
    let report = stdout(&done);
    let headline = "Replay 20261121T090002.000Z-20261121T090005.000Z from OrderEvents to OrderBus is complete";
    assert!(report.starts_with(headline), "{report}");
    for line in ["commits scanned   16", "events published  6", "calls             1", "left out          0"] {
        assert!(report.contains(line), "{report}");
    }

    let arrived = scene.arrived().await;
    // Order n is placed in second n and paid in the next second. The range covers seconds 2, 3 and 4, and excludes 5.
    let expected = ["o-1@0000000002", "o-2@0000000001", "o-2@0000000002"];
    let expected = expected.into_iter().chain(["o-3@0000000001", "o-3@0000000002", "o-4@0000000001"]);
    assert!(in_sequence(&arrived));
    assert_eq!(sorted(arrived), expected.collect::<Vec<_>>());
    let published = scene.bus.published().await;
    assert!(published.iter().all(|event| event["replayname"] == "20261121T090002.000Z-20261121T090005.000Z"));
    assert_eq!(std::fs::read_dir(scene.folder.path()).unwrap().count(), 0, "the state is removed at the end");
}

#[tokio::test]
async fn the_plan_lists_the_events_and_nothing_is_published_without_a_yes() {
    let scene = Scene::with_orders(2).await;
    let range = ["--from", "2026-11-21T09:00:00Z", "--to", "2026-11-22T00:00:00Z", "--name", "late"];
    let mut replay = orders(&[&["replay", "--local"], &range[..], &["--order", "o-1"]].concat());
    replay
        .current_dir(scene.folder.path())
        .env("AWS_ENDPOINT_URL_DYNAMODB", scene.recorded.dynamodb.endpoint())
        .env("AWS_ENDPOINT_URL_EVENTBRIDGE", scene.bus.endpoint());
    let refused = output(replay).await;
    let expected = "\
Replay late:
  events  OrderEvents
  from    2026-11-21T09:00:00.000Z
  until   2026-11-22T00:00:00.000Z
  order   o-1
  bus     OrderBus, at most 100 events a second
Publishes every event of this range again, marked with replayname late. Publication cannot be undone.
error: standard input is not a terminal: add --yes to continue without a question
";
    assert_eq!((refused.status.code(), stdout(&refused), stderr(&refused)), (Some(1), "", expected));
    assert_eq!((scene.bus.counts().calls, std::fs::read_dir(scene.folder.path()).unwrap().count()), (0, 0));
    let done = output(scene.replay(&range)).await;
    assert!(stderr(&done).contains("\n  events  OrderEvents, about 4 commits\n"), "{}", stderr(&done));
}

#[tokio::test]
async fn one_order_is_published_in_its_sequence() {
    let scene = Scene::with_orders(5).await;
    let done = output(scene.replay(&[&ALL[..], &["--order", "o-3", "--name", "late"]].concat())).await;
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert!(stdout(&done).contains("commits scanned   2"), "{}", stdout(&done));
    assert_eq!(scene.arrived().await, ["o-3@0000000001", "o-3@0000000002"]);
    assert_eq!(scene.bus.published().await[0]["replayname"], "late");
}

#[tokio::test]
async fn an_unknown_order_is_reported() {
    let scene = Scene::with_orders(2).await;
    let done = output(scene.replay(&[&ALL[..], &["--order", "o-2"]].concat())).await;
    let expected = "error: there is no order o-2 in OrderEvents\n";
    assert_eq!((done.status.code(), stdout(&done), said(&done)), (Some(1), "", expected));
    assert_eq!(std::fs::read_dir(scene.folder.path()).unwrap().count(), 0);

    let before = ["--from", "2026-11-21T08:00:00Z", "--to", "2026-11-21T08:00:01Z", "--order", "o-1"];
    let nothing = output(scene.replay(&before)).await;
    assert_eq!((nothing.status.code(), said(&nothing)), (Some(0), ""), "it is there, though not in the range");
}

#[tokio::test]
async fn an_unreadable_commit_is_named_and_the_rest_is_published() {
    let scene = Scene::with_orders(3).await;
    scene.recorded.poison("o-1", 3, second(5)).await;
    scene.recorded.poison("o-9", 1, second(5)).await;
    for (arguments, left_out, events) in [(&[][..], 2, events_of(3)), (&["--order", "o-1"], 1, Vec::new())] {
        let before = scene.arrived().await.len();
        let done = output(scene.replay(&[&ALL[..], arguments].concat())).await;
        assert_eq!(done.status.code(), Some(1));
        let said = said(&done);
        assert!(said.contains("error: commit o-1@3 is left out: requestId is missing\n"), "{said}");
        assert!(said.ends_with(&format!("error: {left_out} left out, listed above\n")), "{said}");
        assert!(stdout(&done).contains(&format!("left out          {left_out}")), "{}", stdout(&done));
        let arrived = scene.arrived().await.split_off(before);
        let expected = if events.is_empty() { vec!["o-1@0000000001".into(), "o-1@0000000002".into()] } else { events };
        assert_eq!(sorted(arrived), expected);
    }
}

#[tokio::test]
async fn a_missing_bus_or_table_leaves_no_state_file() {
    let scene = Scene::with_orders(1).await;
    for (argument, complaint) in [
        ("--bus", "error: there is no event bus Missing in the local stack\n"),
        ("--table=OrderEvents", "error: there is no table Missing in the local stack\n"),
    ] {
        let refused =
            output(scene.replay(&[&ALL[..], &[&format!("{argument}=Missing"), "--name", "late"]].concat())).await;
        assert_eq!((refused.status.code(), said(&refused)), (Some(1), complaint));
        assert_eq!(scene.bus.counts().calls, 0);
        assert_eq!(std::fs::read_dir(scene.folder.path()).unwrap().count(), 0, "no state file");
    }
    let done = output(scene.replay(&[&ALL[..], &["--name", "late"]].concat())).await;
    assert_eq!((done.status.code(), said(&done)), (Some(0), ""));
    assert_eq!(scene.arrived().await.len(), 2);
}

#[test]
fn wrong_arguments_are_rejected() {
    let refused = |arguments: &[&str], code: i32, complaint: &str| {
        let output = orders(&[&["replay"], arguments].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(said(&output).contains(complaint), "{arguments:?}: {}", said(&output));
    };
    let account = ["--bus", "b", "--table", "OrderEvents=t"];
    let from = ["--from", "2026-11-21T09:00:00Z"];
    refused(&from, 2, "the name of OrderEvents is missing: add --stack NAME, or --table OrderEvents=TABLE");
    refused(&[&from[..], &account[2..]].concat(), 2, "the name of OrderBus is missing: add --stack NAME, or --bus BUS");
    refused(&account, 2, "--from <TIME>");
    refused(&[&account[..], &["--from", "yesterday"]].concat(), 2, "must be an RFC 3339 timestamp");
    refused(&["--local", "--from", "2026-11-21T09:00:00Z", "--name", "a/b"], 2, "must be 1 to 64 of A-Z a-z 0-9 . _ -");
    refused(&["--local", "--from", "2026-11-21T09:00:00Z", "--rate", "0"], 2, "--rate");
    let empty = ["--local", "--from", "2026-11-21T09:00:00Z", "--to", "2026-11-21T09:00:00Z"];
    refused(&empty, 1, "error: --from 2026-11-21T09:00:00.000Z must be before --to 2026-11-21T09:00:00.000Z");
}
