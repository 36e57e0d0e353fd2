//! First loads that lack the newest commits, and the requests that an exact answer then takes.

use embedded_dynamodb::Meter;
use event_store::{
    Appended, Commit, CommitPage, DynamoEventStore, EventStore, Execution, Failure, Invocation, Loaded, NewCommit,
    Outcome, StoreError, UpTo,
};

use crate::dynamo;
use crate::ledger::{Book, Booked, Ledger, Refusal, at, book, fill, run_with};

/// A store whose eventually consistent loads show the account at one version, or with a gap if there is none.
#[derive(Clone)]
struct Late {
    store: DynamoEventStore,
    shows: Option<u64>,
}

impl EventStore<Ledger> for Late {
    async fn append(&self, new: &NewCommit<Ledger>) -> Result<Appended<Booked>, StoreError> {
        self.store.append(new).await
    }

    async fn load(&self, aggregate_id: &str, up_to: UpTo) -> Result<Loaded<Ledger>, StoreError> {
        self.store.load(aggregate_id, up_to).await
    }

    async fn load_eventually(&self, aggregate_id: &str) -> Result<Loaded<Ledger>, StoreError> {
        match self.shows {
            Some(version) => self.store.load(aggregate_id, UpTo::Version(version)).await,
            None => {
                let (aggregate_id, source) = (aggregate_id.to_owned(), "it is missing".into());
                Err(StoreError::Unreadable { aggregate_id, version: 2, source })
            }
        }
    }

    async fn commits(&self, id: &str, after: u64, limit: Option<usize>) -> Result<Vec<Commit<Booked>>, StoreError> {
        EventStore::<Ledger>::commits(&self.store, id, after, limit).await
    }

    async fn page(&self, id: &str, after: u64, limit: usize) -> Result<CommitPage<Booked>, StoreError> {
        EventStore::<Ledger>::page(&self.store, id, after, limit).await
    }
}

type Answer = Result<Execution<Ledger>, Failure<Refusal>>;

/// Runs a command on an account of ten cents in ten commits, of which the first load shows so many. Returns the answer and
/// the numbers of reads and writes.
async fn late(
    shows: impl Into<Option<u64>>,
    request_id: &str,
    command: &Book,
    change: impl FnOnce(&mut Invocation<'_>),
) -> (Answer, (u64, u64)) {
    let dynamo = dynamo().await;
    fill(&dynamo.store, "a1", 1..=10).await;
    let requests = |meter: &Meter| {
        let reading = meter.take();
        assert_eq!(reading.requests_of("Query") + reading.requests_of("PutItem"), reading.total_requests());
        (reading.requests_of("Query"), reading.requests_of("PutItem"))
    };
    requests(&dynamo.meter);
    let store = Late { store: dynamo.store, shows: shows.into() };
    let answer = run_with(&store, "a1", request_id, command, |invocation| {
        // Later than every commit, so that no repeat counts as the same attempt.
        invocation.clock = || at(2_000);
        change(invocation);
    });
    let answer = answer.await;
    (answer, requests(&dynamo.meter))
}

#[tokio::test]
async fn an_accepted_command_meets_the_commits_that_the_load_lacked() {
    for (shows, requests) in [(10, (1, 1)), (9, (1, 2)), (8, (2, 3)), (0, (2, 3))] {
        let (answer, spent) = late(shows, "r1", &book(1), |_| {}).await;
        let execution = answer.unwrap();
        assert_eq!((execution.outcome, execution.version, execution.state.balance), (Outcome::Recorded, 11, 11));
        assert_eq!(spent, requests, "{shows} versions were shown");
    }
}

#[tokio::test]
async fn a_command_that_only_a_late_state_rejects_is_accepted() {
    for shows in [9, 5, 0] {
        let (answer, spent) = late(shows, "r1", &book(-10), |_| {}).await;
        assert_eq!((answer.unwrap().version, spent), (11, (2, 1)), "{shows} versions were shown");
    }
}

#[tokio::test]
async fn a_rejection_names_the_current_state() {
    for shows in [10, 9, 0] {
        let (answer, spent) = late(shows, "r1", &book(-11), |_| {}).await;
        assert!(matches!(answer, Err(Failure::Refused(Refusal::Overdrawn { balance: 10 }))), "{shows}");
        assert_eq!(spent, (2, 0), "{shows} versions were shown");
        let (answer, spent) = late(shows, "r1", &book(1), |invocation| invocation.expected_versions = Some(&[5])).await;
        assert!(matches!(answer, Err(Failure::VersionMismatch { current: 10 })), "{shows}");
        assert_eq!(spent, (2, 0), "{shows} versions were shown");
    }
}

#[tokio::test]
async fn an_expected_version_is_compared_with_the_current_one() {
    let (answer, spent) = late(9, "r1", &book(1), |invocation| invocation.expected_versions = Some(&[10])).await;
    assert_eq!((answer.unwrap().version, spent), (11, (2, 1)));
    // The late version is accepted at first, and its append fails.
    let (answer, spent) = late(9, "r1", &book(1), |invocation| invocation.expected_versions = Some(&[9])).await;
    assert!(matches!(answer, Err(Failure::VersionMismatch { current: 10 })));
    assert_eq!(spent, (2, 1));
}

#[tokio::test]
async fn nothing_to_change_is_answered_with_the_current_state() {
    let once = Book { once: true, ..book(9) };
    for shows in [10, 9] {
        let (answer, spent) = late(shows, "r1", &once, |_| {}).await;
        let execution = answer.unwrap();
        assert_eq!((execution.outcome, execution.commit.version, execution.version), (Outcome::Unchanged, 10, 10));
        assert_eq!(spent, (2, 0), "{shows} versions were shown");
    }
}

#[tokio::test]
async fn a_repeat_is_answered_from_its_commit_whether_the_load_showed_it_or_not() {
    for (shows, requests) in [(10, (1, 0)), (9, (1, 1)), (8, (1, 2)), (7, (2, 2))] {
        let (answer, spent) = late(shows, "fill-10", &book(1), |_| {}).await;
        let execution = answer.unwrap();
        assert_eq!((execution.outcome, execution.version, execution.state.balance), (Outcome::Replayed, 10, 10));
        assert_eq!(spent, requests, "{shows} versions were shown");
        let (answer, _) = late(shows, "fill-10", &book(2), |_| {}).await;
        assert!(matches!(answer, Err(Failure::RequestIdReused)), "{shows} versions were shown");
    }
    // A late state may reject the repeat, or remember it although it is not the newest.
    let (answer, spent) = late(5, "fill-3", &book(1), |_| {}).await;
    assert_eq!((answer.unwrap().version, spent), (3, (2, 0)));
    let (answer, spent) = late(9, "fill-10", &book(-10), |_| {}).await;
    assert!(matches!(answer, Err(Failure::RequestIdReused)));
    assert_eq!(spent, (2, 0));
}

#[tokio::test]
async fn a_gap_in_a_late_load_is_read_again() {
    // The failed load makes no request here.
    let (answer, spent) = late(None, "r1", &book(1), |_| {}).await;
    assert_eq!((answer.unwrap().version, spent), (11, (1, 1)));
}
