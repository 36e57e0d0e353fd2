//! A binary's list of read models: those of the core, and one of another crate.

use std::sync::Arc;

use event_store::DynamoEventStore;
use read_models::registry::{self, CORE, Registered};
use read_models::{InMemoryRows, OrderSummaryByCustomer, ProjectedRows};

use crate::story::dynamo;

#[tokio::test]
async fn a_list_opens_read_models_of_other_crates_at_their_targets() {
    let further = Registered::new("Reports", true, |_, store, target| {
        let rows = InMemoryRows::<OrderSummaryByCustomer>::default();
        Arc::new(ProjectedRows::new(store, rows, target))
    });
    let server = dynamo().await;
    let store = DynamoEventStore::new(server.client(), "OrderEvents");
    let models = registry::open(&[CORE[0], CORE[1], further], &server.client(), &store, |name| match name {
        "OrderSummaryByCustomer" => Some("Summaries"),
        "Reports" => Some("the reports' database"),
        _ => None,
    });
    let targets: Vec<_> = models.iter().map(|model| model.target()).collect();
    assert_eq!(targets, ["Summaries", "the reports' database"]);
}
