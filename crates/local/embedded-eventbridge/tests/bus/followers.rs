//! Reading and following the log over HTTP.

use embedded_eventbridge::EmbeddedEventBridge;
use serde_json::Value;

use crate::{numbered, numbers, put, start};

/// A reader of lines as they arrive.
struct Reader {
    response: reqwest::Response,
    rest: Vec<u8>,
}

impl Reader {
    async fn open(bus: &EmbeddedEventBridge, query: &str) -> Self {
        let response = reqwest::get(format!("{}/events{query}", bus.endpoint())).await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "application/x-ndjson");
        Self { response, rest: Vec::new() }
    }

    /// Returns the next `n`; `None` at the end.
    async fn next(&mut self) -> Option<u64> {
        while !self.rest.contains(&b'\n') {
            self.rest.extend(self.response.chunk().await.unwrap()?);
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n').unwrap();
        let line: Vec<u8> = self.rest.drain(..=end).collect();
        serde_json::from_slice::<Value>(&line).unwrap()["n"].as_u64()
    }

    async fn take(&mut self, count: usize) -> Vec<u64> {
        let mut taken = Vec::new();
        for _ in 0..count {
            taken.push(self.next().await.unwrap());
        }
        taken
    }

    async fn rest(mut self) -> Vec<u64> {
        let mut taken = Vec::new();
        while let Some(n) = self.next().await {
            taken.push(n);
        }
        taken
    }
}

async fn publish(bus: &EmbeddedEventBridge, numbers: std::ops::Range<usize>) {
    let client = bus.client();
    for n in numbers {
        put(&client, vec![numbered(n)]).await.unwrap();
    }
}

#[tokio::test]
async fn the_log_is_read_from_any_line_on() {
    let bus = start().await;
    publish(&bus, 0..3).await;
    assert_eq!(Reader::open(&bus, "").await.rest().await, [0, 1, 2]);
    assert_eq!(Reader::open(&bus, "?after=2&follow=false").await.rest().await, [2]);
    assert_eq!(Reader::open(&bus, "?after=3").await.rest().await, Vec::<u64>::new());
    assert_eq!(Reader::open(&bus, "?after=99").await.rest().await, Vec::<u64>::new());
    for query in ["after=-1", "after=x", "follow=yes", "follow=", "from=1"] {
        let answer = reqwest::get(format!("{}/events?{query}", bus.endpoint())).await.unwrap();
        assert_eq!(answer.status().as_u16(), 400, "{query}");
    }
}

#[tokio::test]
async fn followers_from_before_and_after_see_every_event_once_and_in_order() {
    let bus = start().await;
    let mut early = Reader::open(&bus, "?follow=true").await;
    publish(&bus, 0..2).await;
    let mut late = Reader::open(&bus, "?follow=true&after=1").await;
    let mut ahead = Reader::open(&bus, "?follow=true&after=4").await;
    assert_eq!(early.take(2).await, [0, 1]);
    publish(&bus, 2..6).await;
    assert_eq!(early.take(4).await, [2, 3, 4, 5]);
    assert_eq!(late.take(5).await, [1, 2, 3, 4, 5]);
    assert_eq!(ahead.take(2).await, [4, 5]);
}

/// The log has more than one chunk, and is written while it is read.
#[tokio::test(flavor = "multi_thread")]
async fn a_follower_keeps_up_with_a_busy_bus() {
    const CALLS: usize = 300;
    let bus = start().await;
    let mut readers = Vec::new();
    for _ in 0..4 {
        let mut reader = Reader::open(&bus, "?follow=true").await;
        readers.push(tokio::spawn(async move { reader.take(CALLS * 10).await }));
    }
    let client = bus.client();
    for call in 0..CALLS {
        put(&client, (call * 10..call * 10 + 10).map(numbered).collect()).await.unwrap();
    }
    for reader in readers {
        assert_eq!(reader.await.unwrap(), (0..CALLS as u64 * 10).collect::<Vec<_>>());
    }
    let all = numbers(&bus.published().await);
    assert_eq!(Reader::open(&bus, "").await.rest().await, all);
}

#[tokio::test]
async fn a_stop_ends_the_followers_at_the_end_of_the_log() {
    let bus = start().await;
    let reader = Reader::open(&bus, "?follow=true").await;
    let idle = Reader::open(&bus, "?follow=true&after=9").await;
    publish(&bus, 0..2).await;
    bus.stop().await;
    assert_eq!(reader.rest().await, [0, 1]);
    assert_eq!(idle.rest().await, Vec::<u64>::new());
}

#[tokio::test]
async fn a_bus_that_is_dropped_ends_its_followers() {
    let bus = start().await;
    let reader = Reader::open(&bus, "?follow=true").await;
    publish(&bus, 0..1).await;
    drop(bus);
    assert_eq!(reader.rest().await, [0]);
}
