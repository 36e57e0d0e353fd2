//! A store on which another writer always wins. Before each append, a payment of the rival takes the version.

use std::sync::Arc;

use command_handler::CommandHandler;
use event_store::{
    Appended, Commit, CommitPage, DynamoEventStore, EventStore, Fingerprint, Loaded, NewCommit, Request, StoreError,
    Timestamp, UpTo,
};
use http_api::{AuthMode, QuoteVerifier};
use lambda_http::service_fn;
use local_stack::function::http_function;
use local_stack::{Functions, Surroundings};
use order_aggregate::Orders;
use order_domain::Event;
use order_domain::event::PaymentReceived;
use order_domain::values::{Amount, PaymentId};

#[derive(Clone)]
struct Rival(DynamoEventStore);

impl EventStore<Orders> for Rival {
    async fn append(&self, new: &NewCommit<Orders>) -> Result<Appended<Event>, StoreError> {
        if new.commit.version > 1 {
            let loaded: Loaded<Orders> = self.0.load(&new.commit.aggregate_id, UpTo::Head).await?;
            let name = format!("rival-{}", loaded.version + 1);
            let payment = PaymentReceived {
                payment_id: PaymentId::parse(&name).unwrap(),
                amount: Amount::new(1).unwrap(),
                method: None,
            };
            let request = Request {
                fingerprint: Fingerprint::of(name.as_bytes()),
                request_id: name,
                actor: "rival".to_owned(),
                correlation_id: None,
                causation_id: None,
            };
            let rivals = loaded.next(&request, vec![Event::PaymentReceived(payment)], Timestamp::now());
            self.0.append(&rivals).await?;
        }
        self.0.append(new).await
    }

    async fn load(&self, aggregate_id: &str, up_to: UpTo) -> Result<Loaded<Orders>, StoreError> {
        self.0.load(aggregate_id, up_to).await
    }

    async fn commits(&self, id: &str, after: u64, limit: Option<usize>) -> Result<Vec<Commit<Event>>, StoreError> {
        EventStore::<Orders>::commits(&self.0, id, after, limit).await
    }

    async fn page(&self, id: &str, after: u64, limit: usize) -> Result<CommitPage<Event>, StoreError> {
        EventStore::<Orders>::page(&self.0, id, after, limit).await
    }
}

/// Returns the project's functions, with a rival for the command handler.
pub fn functions(surroundings: &Surroundings) -> Functions {
    let store = Rival(DynamoEventStore::new(surroundings.dynamodb.clone(), "OrderEvents"));
    let handler = Arc::new(CommandHandler::new(store, AuthMode::None, QuoteVerifier::without_keys(), Timestamp::now));
    let commands = http_function(service_fn(move |request| {
        let handler = Arc::clone(&handler);
        async move { handler.handle(request).await }
    }));
    let mut functions = local_stack::in_process(surroundings).unwrap();
    functions.insert("command-handler".to_owned(), commands);
    functions
}
