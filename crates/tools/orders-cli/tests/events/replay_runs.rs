//! The runs of one `orders replay`: stopped, continued, and two runs at once.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use test_support::recorded::{events_of, in_sequence, sorted};

use crate::replay::{ALL, Scene};
use crate::service::service;
use crate::{output, said, stderr, stdout};

fn json(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// A run that has made its first call and waits ten seconds for the second.
async fn slow(scene: &Scene) -> Child {
    let mut slow = scene.replay(&["--from", "2026-11-21T09:00:00Z", "--name", "late", "--rate", "1"]);
    let slow = slow.stderr(Stdio::piped()).spawn().unwrap();
    while !scene.state("late").exists() || json(&scene.state("late"))["tally"]["published"] == 0 {
        tokio::task::yield_now().await;
    }
    slow
}

/// Returns the state that a run of the replay `late` leaves after it has finished everything up to `after`.
fn kept(after: &Value, to: &str, order: &Value) -> Value {
    let parameters = json!({
        "bus": "OrderBus", "table": "OrderEvents", "from": "2026-11-21T09:00:00.000Z", "to": to, "order": order,
        "name": "late", "local": true,
    });
    let count = u64::from(!after.is_null());
    let tally = json!({ "scanned": count, "published": count, "calls": count, "retried": 0, "left_out": 0 });
    json!({ "parameters": parameters, "after": after, "tally": tally })
}

#[tokio::test]
async fn ctrl_c_stops_between_calls_and_the_same_command_continues() {
    let scene = Scene::with_orders(30).await;
    let slow = slow(&scene).await;
    kill_process(Pid::from_child(&slow), Signal::INT).unwrap();
    let stopped = tokio::task::spawn_blocking(|| slow.wait_with_output().unwrap()).await.unwrap();
    assert_eq!(stopped.status.code(), Some(130));
    let sent = scene.arrived().await.len();
    let expected = format!(
        "error: stopped: {sent} events published; to continue from orders-replay-late.json, run the same command again\n"
    );
    assert_eq!(said(&stopped), expected);
    let kept = json(&scene.state("late"));
    assert_eq!(kept["tally"]["published"], sent);

    // A different --rate does not make a different replay, and the end is the one from the first run.
    let rest = output(scene.replay(&[&ALL[..], &["--name", "late"]].concat())).await;
    assert_eq!(rest.status.code(), Some(0));
    assert!(stderr(&rest).starts_with("continuing from orders-replay-late.json, written at 20"), "{}", stderr(&rest));
    let so_far = format!(": {sent} events published; to start from the beginning, delete the file\nReplay late:\n");
    assert!(stderr(&rest).contains(&so_far), "{}", stderr(&rest));
    assert!(stdout(&rest).contains("events published  60"), "{}", stdout(&rest));
    let arrived = scene.arrived().await;
    assert!(in_sequence(&arrived));
    assert_eq!(sorted(arrived), events_of(30));
    let names: BTreeSet<String> =
        scene.bus.published().await.iter().map(|event| event["replayname"].to_string()).collect();
    assert_eq!(names.len(), 1);
    assert!(!scene.state("late").exists());
}

/// Starts an event bus that exists and answers no PutEvents call. Returns its URL, and a channel with a message for each
/// call.
fn silent_bus() -> (String, mpsc::Receiver<()>) {
    let (put, puts) = mpsc::channel();
    let url = service(move |call| {
        if call.target.ends_with("DescribeEventBus") {
            return Some((200, r#"{"Name":"OrderBus"}"#.to_owned()));
        }
        put.send(()).unwrap();
        None
    });
    (url, puts)
}

#[tokio::test]
async fn a_second_ctrl_c_does_not_wait_for_the_call_in_progress() {
    let (scene, (url, calls)) = (Scene::with_orders(1).await, silent_bus());
    let mut hanging = scene.replay(&[&ALL[..], &["--name", "late"]].concat());
    let mut hanging = hanging.env("AWS_ENDPOINT_URL_EVENTBRIDGE", url).stderr(Stdio::piped()).spawn().unwrap();
    let (said, code) = tokio::task::spawn_blocking(move || {
        calls.recv().unwrap();
        let mut said = BufReader::new(hanging.stderr.take().unwrap());
        let mut first = String::new();
        while !first.contains("cannot be undone") {
            first.clear();
            said.read_line(&mut first).unwrap();
        }
        first.clear();
        kill_process(Pid::from_child(&hanging), Signal::INT).unwrap();
        said.read_line(&mut first).unwrap();
        kill_process(Pid::from_child(&hanging), Signal::INT).unwrap();
        ([first, std::io::read_to_string(said).unwrap()], hanging.wait().unwrap().code())
    })
    .await
    .unwrap();
    assert_eq!(said[0], "stopping after the call in progress; press Ctrl-C again to stop at once\n");
    let expected = "error: stopped at once: the call in progress may be incomplete; 0 events published; to start from the \
                    beginning, run the same command again\n";
    assert_eq!((said[1].as_str(), code), (expected, Some(130)));

    // The next run republishes the unacknowledged events.
    let rest = output(scene.replay(&[&ALL[..], &["--name", "late"]].concat())).await;
    assert_eq!((rest.status.code(), scene.arrived().await.len()), (Some(0), 2));
}

#[tokio::test]
async fn two_runs_at_once_do_not_share_a_state() {
    let scene = Scene::with_orders(30).await;
    let slow = slow(&scene).await;
    let refused = output(scene.replay(&[&ALL[..], &["--name", "late"]].concat())).await;
    assert_eq!(said(&refused), "error: another run uses orders-replay-late.json\n");
    assert_eq!(refused.status.code(), Some(1));
    let other = output(scene.replay(&[&ALL[..], &["--name", "other", "--order", "o-1"]].concat())).await;
    assert_eq!((other.status.code(), said(&other)), (Some(0), ""), "another replay is independent");

    // A killed run leaves its file behind and does not block another run.
    kill_process(Pid::from_child(&slow), Signal::KILL).unwrap();
    tokio::task::spawn_blocking(|| slow.wait_with_output().unwrap()).await.unwrap();
    let rest = output(scene.replay(&[&ALL[..], &["--name", "late"]].concat())).await;
    assert_eq!(rest.status.code(), Some(0), "{}", said(&rest));
    assert_eq!(std::fs::read_dir(scene.folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_run_that_did_nothing_does_not_bind_later_runs() {
    let scene = Scene::with_orders(10).await;
    let state = kept(&Value::Null, "2026-11-21T09:00:03.000Z", &json!("o-1"));
    std::fs::write(scene.state("late"), state.to_string()).unwrap();
    let done = output(scene.replay(&[&ALL[..], &["--name", "late"]].concat())).await;
    assert_eq!((done.status.code(), said(&done)), (Some(0), ""));
    assert_eq!(sorted(scene.arrived().await), events_of(10));
}

#[tokio::test]
async fn a_continued_run_keeps_the_end_of_the_first() {
    let scene = Scene::with_orders(10).await;
    let state = kept(&json!({ "aggregateId": "o-1", "version": "1" }), "2026-11-21T09:00:02.000Z", &json!("o-1"));
    std::fs::write(scene.state("late"), state.to_string()).unwrap();
    let done = output(scene.replay(&[&ALL[..], &["--name", "late", "--order", "o-1"]].concat())).await;
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert_eq!(scene.arrived().await, [""; 0], "o-1 was paid at the end, which is beyond it");
}

#[tokio::test]
async fn the_state_of_another_replay_is_not_continued() {
    let scene = Scene::with_orders(1).await;
    let state = kept(&json!({ "aggregateId": "o-0", "version": "1" }), "2026-11-22T00:00:00.000Z", &Value::Null);
    std::fs::write(scene.state("late"), state.to_string()).unwrap();
    let others = [
        (&["--from", "2026-11-21T09:00:01Z"][..], "from 2026-11-21T09:00:00.000Z instead of 2026-11-21T09:00:01.000Z"),
        (&["--to", "2026-11-23T00:00:00Z"], "to 2026-11-22T00:00:00.000Z instead of 2026-11-23T00:00:00.000Z"),
        (&["--table", "OrderEvents=Other"], "table OrderEvents instead of Other"),
        (&["--bus", "Other"], "bus OrderBus instead of Other"),
        (&["--order", "o-1"], "order null instead of o-1"),
    ];
    for (arguments, difference) in others {
        let from = if arguments[0] == "--from" { &[][..] } else { &ALL[..2] };
        let refused = output(scene.replay(&[from, arguments, &["--name", "late"]].concat())).await;
        assert_eq!(refused.status.code(), Some(1));
        let expected = format!("error: orders-replay-late.json belongs to another replay, with {difference}: ");
        assert!(said(&refused).starts_with(&expected), "{}", said(&refused));
    }
    assert_eq!((scene.bus.counts().calls, json(&scene.state("late"))), (0, state));

    std::fs::write(scene.state("late"), "{").unwrap();
    let refused = output(scene.replay(&[&ALL[..], &["--name", "late"]].concat())).await;
    assert!(
        said(&refused).starts_with("error: orders-replay-late.json is not the state of a replay: "),
        "{}",
        said(&refused)
    );
}
