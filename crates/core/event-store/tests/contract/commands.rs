//! Repeats, races and rejections.

use std::collections::{BTreeSet, HashMap};

use event_store::{Commit, EventStore, Failure, Loaded, Outcome, UpTo};
use sha2::{Digest, Sha256};

use crate::Store;
use crate::ledger::{Account, Book, Booked, Ledger, Refusal, at, book, fill, request, run, run_with};

async fn history(store: &impl Store) -> Vec<Commit<Booked>> {
    EventStore::<Ledger>::commits(store, "a1", 0, None).await.unwrap()
}

pub(crate) async fn a_repeated_request_appends_nothing_and_answers_the_original(store: &impl Store) {
    let first = run(store, "a1", "r1", &book(70)).await.unwrap();
    for repeated_after in 0..3 {
        fill(store, "a1", repeated_after + 1..=repeated_after + 1).await;
        let before = history(store).await.len();
        let again = run(store, "a1", "r1", &book(70)).await.unwrap();
        assert_eq!(again.outcome, Outcome::Replayed);
        assert_eq!((&again.commit, &again.state, again.version), (&first.commit, &first.state, 1));
        assert_eq!(history(store).await.len(), before);
    }
}

pub(crate) async fn a_request_is_remembered_for_sixty_four_commits(store: &impl Store) {
    run(store, "a1", "r1", &book(70)).await.unwrap();
    fill(store, "a1", 1..=63).await;
    assert_eq!(run(store, "a1", "r1", &book(70)).await.unwrap().outcome, Outcome::Replayed);
    fill(store, "a1", 64..=64).await;
    assert_eq!(run(store, "a1", "r1", &book(70)).await.unwrap().outcome, Outcome::Recorded);
    let ids: BTreeSet<_> = history(store).await.iter().map(|commit| commit.events[0].event_id).collect();
    assert_eq!(ids.len(), 66, "a request id that is used again makes another event id");
}

pub(crate) async fn a_request_id_used_for_something_else_is_refused(store: &impl Store) {
    run(store, "a1", "r1", &book(70)).await.unwrap();
    fill(store, "a1", 1..=5).await;
    assert!(matches!(run(store, "a1", "r1", &book(71)).await, Err(Failure::RequestIdReused)));
    assert_eq!(history(store).await.len(), 6);
}

/// Two request ids whose first four hash bytes are equal. They were found by trial, as an attacker would find them.
fn colliding_request_ids() -> (String, String) {
    let mut seen = HashMap::new();
    for number in 0u32.. {
        let id = format!("collide-{number}");
        let hash = Sha256::digest(id.as_bytes())[..4].to_vec();
        if let Some(earlier) = seen.insert(hash, id.clone()) {
            return (earlier, id);
        }
    }
    unreachable!("there are more ids than hashes")
}

pub(crate) async fn a_collision_of_request_hashes_costs_a_read_and_never_an_answer(store: &impl Store) {
    let (one, other) = colliding_request_ids();
    run(store, "a1", &one, &book(70)).await.unwrap();
    fill(store, "a1", 1..=40).await;
    assert_eq!(run(store, "a1", &other, &book(1)).await.unwrap().outcome, Outcome::Recorded);
    assert_eq!(run(store, "a1", &other, &book(1)).await.unwrap().version, 42);
    assert_eq!(run(store, "a1", &one, &book(70)).await.unwrap().version, 1);
}

pub(crate) async fn a_command_that_was_decided_on_an_old_version_is_refused(store: &impl Store) {
    fill(store, "a1", 1..=3).await;
    let nothing: &[u64] = &[];
    for (expected, accepted) in
        [(&[2][..], false), (&[4], false), (&[0], false), (nothing, false), (&[2, 4], false), (&[1, 3], true)]
    {
        let result =
            run_with(store, "a1", "r1", &book(1), |invocation| invocation.expected_versions = Some(expected)).await;
        match result {
            Ok(execution) => assert!(accepted && execution.version == 4),
            Err(Failure::VersionMismatch { current }) => assert!(!accepted && current == 3),
            Err(other) => panic!("{other:?}"),
        }
    }
    // A retry gets its reply although the version has advanced.
    let again = run_with(store, "a1", "r1", &book(1), |invocation| invocation.expected_versions = Some(&[3])).await;
    assert_eq!(again.unwrap().outcome, Outcome::Replayed);
}

pub(crate) async fn a_refusal_writes_nothing(store: &impl Store) {
    fill(store, "a1", 1..=2).await;
    let refused = run(store, "a1", "r1", &book(-3)).await;
    assert!(matches!(refused, Err(Failure::Refused(Refusal::Overdrawn { balance: 2 }))));
    assert_eq!(history(store).await.len(), 2);
}

pub(crate) async fn a_caller_who_may_not_know_of_the_aggregate_is_refused_before_a_replay(store: &impl Store) {
    run(store, "a1", "r1", &book(70)).await.unwrap();
    let stranger = Book { by_owner: false, ..book(70) };
    for creates in [false, true] {
        let refused = run_with(store, "a1", "r1", &stranger, |invocation| {
            invocation.creates = creates;
            invocation.clock = || at(2_000);
        });
        assert!(matches!(refused.await, Err(Failure::Refused(Refusal::NotYours))));
    }
}

pub(crate) async fn nothing_to_change_answers_with_the_commit_that_did_it(store: &impl Store) {
    fill(store, "a1", 1..=2).await;
    run(store, "a1", "out", &book(-1)).await.unwrap();
    let once = Book { once: true, ..book(9) };
    let unchanged = run(store, "a1", "r1", &once).await.unwrap();
    assert_eq!((unchanged.outcome, unchanged.commit.version, unchanged.version), (Outcome::Unchanged, 2, 3));
    assert_eq!(unchanged.state.balance, 1);
    for version in 3..=30 {
        run(store, "a1", &format!("more-{version}"), &book(0)).await.unwrap();
    }
    let unchanged = run(store, "a1", "r2", &once).await.unwrap();
    assert_eq!((unchanged.outcome, unchanged.commit.version), (Outcome::Unchanged, 2));
}

pub(crate) async fn sixteen_writers_leave_no_gap_and_overwrite_nothing(store: &impl Store) {
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..16 {
        let store = store.clone();
        writers.spawn(async move {
            let mut accepted = 0;
            for number in 0..4 {
                match run(&store, "a1", &format!("w{writer}-{number}"), &book(1)).await {
                    Ok(execution) => {
                        assert_eq!(execution.state.entries, execution.version, "the reply is the state it made");
                        accepted += 1;
                    }
                    Err(Failure::Contention { .. }) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
            accepted
        });
    }
    let accepted: usize = writers.join_all().await.into_iter().sum();
    let history = history(store).await;
    assert!(accepted >= 16, "at least one writer wins each round");
    assert_eq!(history.len(), accepted);
    assert!((1..).zip(&history).all(|(version, commit)| commit.version == version));
    assert!(history.windows(2).all(|pair| pair[0].recorded_at < pair[1].recorded_at));
}

async fn at_once(store: &impl Store, commands: Vec<Book>) -> Vec<Result<(u64, Account), String>> {
    let mut clients = tokio::task::JoinSet::new();
    for command in commands {
        let store = store.clone();
        clients.spawn(async move {
            match run(&store, "a1", "r1", &command).await {
                Ok(execution) => Ok((execution.version, execution.state)),
                Err(Failure::RequestIdReused) => Err("reused".to_owned()),
                Err(other) => panic!("{other:?}"),
            }
        });
    }
    clients.join_all().await
}

pub(crate) async fn eight_identical_requests_at_once_make_one_commit(store: &impl Store) {
    fill(store, "a1", 1..=3).await;
    let replies = at_once(store, vec![book(70); 8]).await;
    let expected = Account { balance: 73, entries: 4, last_deposit_at: 4 };
    assert!(replies.iter().all(|reply| reply.as_ref() == Ok(&(4, expected.clone()))), "{replies:?}");
    assert_eq!(history(store).await.len(), 4);
}

pub(crate) async fn one_request_id_with_eight_bodies_at_once_has_one_winner(store: &impl Store) {
    let replies = at_once(store, (1..=8).map(book).collect()).await;
    assert_eq!(replies.iter().filter(|reply| reply.is_ok()).count(), 1, "{replies:?}");
    assert_eq!(history(store).await.len(), 1);
}

pub(crate) async fn a_creation_that_lost_its_answer_finds_its_own_commit(store: &impl Store) {
    let lost = Loaded::<Ledger>::absent("a1").next(
        &request("r1", &format!("{:?}", book(70).event)),
        vec![book(70).event],
        at(1_000),
    );
    store.append(&lost).await.unwrap();
    let creates = |invocation: &mut event_store::Invocation<'_>| invocation.creates = true;
    let retried = run_with(store, "a1", "r1", &book(70), creates).await.unwrap();
    assert_eq!((retried.outcome, &retried.commit), (Outcome::Recorded, &lost.commit));
    let command = book(70);
    let later = run_with(store, "a1", "r1", &command, |invocation| {
        invocation.creates = true;
        invocation.clock = || at(60_000);
    });
    let later = later.await.unwrap();
    assert_eq!((later.outcome, &later.commit), (Outcome::Replayed, &lost.commit));
    assert_eq!(EventStore::<Ledger>::load(store, "a1", UpTo::Head).await.unwrap().version, 1);
}
