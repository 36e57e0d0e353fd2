//! One contract for every adapter: the same suite runs over memory and over the embedded DynamoDB.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod as_of;
mod budgets;
mod commands;
mod faults;
mod history;
mod late_reads;
mod ledger;
mod pages;
mod scan;
mod snapshot_audit;
mod snapshots;

use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb, Meter};
use event_store::{DynamoEventStore, EventStore, InMemoryEventStore, snapshot};
use ledger::Ledger;
use sam_template::Template;

/// An embedded DynamoDB with the template's tables, and a metered store on it.
pub(crate) struct Dynamo {
    pub(crate) server: EmbeddedDynamoDb,
    pub(crate) store: DynamoEventStore,
    pub(crate) meter: Meter,
}

pub(crate) async fn dynamo() -> Dynamo {
    let server = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
    server.create_tables(&Template::of_this_project().unwrap()).unwrap();
    let (client, meter) = server.metered_client();
    Dynamo { server, store: DynamoEventStore::new(client, "OrderEvents"), meter }
}

/// Runs each scenario over both adapters, each as a separate test.
macro_rules! contract {
    ($($module:ident :: $name:ident),+ $(,)?) => {
        mod in_memory {
            $(contract!(@test $module::$name, crate::memory_store());)+
        }
        mod dynamodb {
            $(contract!(@test $module::$name, crate::dynamo_store().await);)+
        }
    };
    (@test $module:ident :: $name:ident, $store:expr) => {
        #[tokio::test]
        async fn $name() {
            let (store, _server) = $store;
            super::$module::$name(&store).await;
        }
    };
}

pub(crate) fn memory_store() -> (InMemoryEventStore, ()) {
    (InMemoryEventStore::default(), ())
}

pub(crate) async fn dynamo_store() -> (DynamoEventStore, EmbeddedDynamoDb) {
    let dynamo = dynamo().await;
    (dynamo.store, dynamo.server)
}

/// The store as the scenarios use it: the port, for the ledger and for the ledgers with other schemas.
pub(crate) trait Store:
    EventStore<Ledger> + EventStore<ledger::LaterLedger> + EventStore<snapshots::Hoard> + Clone + 'static
{
    fn with_snapshots(self, policy: snapshot::Policy) -> Self;
}

impl Store for InMemoryEventStore {
    fn with_snapshots(self, policy: snapshot::Policy) -> Self {
        self.with_snapshots(policy)
    }
}

impl Store for DynamoEventStore {
    fn with_snapshots(self, policy: snapshot::Policy) -> Self {
        self.with_snapshots(policy)
    }
}

contract![
    history::what_was_appended_is_loaded,
    history::an_aggregate_to_which_nothing_happened_is_absent,
    history::a_version_is_taken_once,
    history::every_past_version_can_be_loaded,
    history::commits_are_read_in_order_from_any_version,
    history::time_rises_within_an_aggregate_whatever_the_clock_does,
    history::tags_of_the_first_commit_stand_on_every_later_one,
    history::a_stream_beyond_one_megabyte_loads,
    history::a_commit_beyond_the_item_limit_is_refused_whole,
    history::a_tag_that_the_aggregate_does_not_name_is_not_written,
    as_of::the_aggregate_at_a_time_is_the_newest_commit_up_to_it,
    as_of::an_aggregate_of_one_commit_is_absent_before_it,
    as_of::an_unknown_aggregate_is_absent_at_every_instant,
    as_of::an_unreadable_commit_matters_only_where_it_is_folded,
    pages::a_page_says_whether_another_follows,
    pages::a_page_ends_before_a_commit_that_cannot_be_read,
    pages::commits_are_all_read_or_an_error,
    snapshots::a_load_rests_on_the_newest_snapshot,
    snapshots::a_snapshot_of_another_schema_is_walked_past,
    snapshots::a_stream_without_any_snapshot_loads,
    snapshots::a_due_snapshot_that_does_not_fit_is_left_out_and_reported,
    snapshots::a_store_without_snapshots_misses_none,
    commands::a_repeated_request_appends_nothing_and_answers_the_original,
    commands::a_request_is_remembered_for_sixty_four_commits,
    commands::a_request_id_used_for_something_else_is_refused,
    commands::a_collision_of_request_hashes_costs_a_read_and_never_an_answer,
    commands::a_command_that_was_decided_on_an_old_version_is_refused,
    commands::a_refusal_writes_nothing,
    commands::a_caller_who_may_not_know_of_the_aggregate_is_refused_before_a_replay,
    commands::nothing_to_change_answers_with_the_commit_that_did_it,
    commands::sixteen_writers_leave_no_gap_and_overwrite_nothing,
    commands::eight_identical_requests_at_once_make_one_commit,
    commands::one_request_id_with_eight_bodies_at_once_has_one_winner,
    commands::a_creation_that_lost_its_answer_finds_its_own_commit,
];
