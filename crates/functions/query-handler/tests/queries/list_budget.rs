//! The budget of a page with unreadable rows, whose orders are folded from their events.

use command_handler::CommandHandler;
use embedded_dynamodb::EmbeddedDynamoDb;
use event_store::{Delivered, DynamoEventStore, EventStore};
use http_api::{AuthMode, QuoteVerifier};
use order_aggregate::Orders;
use query_handler::QueryHandler;
use read_models::{DynamoRows, DynamoSummaries, Engine, OrderSummaryByCustomer};
use serde_json::{Value, json};
use test_support::gateway::{Call, Reply};

use crate::given::{ask, clock, database, list_orders, parked, readers};

const SUMMARY_TABLE: &str = "OrderSummaryByCustomer";

/// Orders of `customer-1001` in the tables, oldest first, whose rows lack their total.
struct Unreadable {
    database: EmbeddedDynamoDb,
    placed: Vec<String>,
}

impl Unreadable {
    async fn orders(count: usize, items: &Value) -> Self {
        let database = database().await;
        let events = DynamoEventStore::new(database.client(), "OrderEvents");
        let commands = CommandHandler::new(events.clone(), AuthMode::None, QuoteVerifier::without_keys(), clock);
        let rows = DynamoRows::new(database.client(), SUMMARY_TABLE);
        let engine: Engine<OrderSummaryByCustomer, _, _> = Engine::new(events.clone(), rows);
        let mut placed = Vec::new();
        for number in 0..count {
            let body = json!({ "customerId": "customer-1001", "currency": "EUR", "items": items });
            let call = Call::to("POST /orders", &[]).body(&body).key(&format!("key-{number}"));
            let Ok(response) = commands.handle(call.request()).await;
            let order_id = Reply::of(response).json()["orderId"].as_str().unwrap().to_owned();
            let commits = EventStore::<Orders>::commits(&events, &order_id, 0, None).await.unwrap();
            let placed_at = commits[0].recorded_at;
            let entries = commits.into_iter().map(|commit| Delivered { id: order_id.clone(), record: Ok(commit) });
            assert!(engine.project(entries.collect(), None).await.failed.is_empty());
            let damage = json!({
                "TableName": SUMMARY_TABLE,
                "Key": {
                    "customerId": { "S": "customer-1001" },
                    "placedAtOrderId": { "S": format!("{placed_at}#{order_id}") },
                },
                "UpdateExpression": "REMOVE #total",
                "ExpressionAttributeNames": { "#total": "total" },
            });
            database.database().update_item(serde_json::from_value(damage).unwrap()).unwrap();
            placed.push(order_id);
        }
        Self { database, placed }
    }

    /// Returns the pages of the list, and asserts the price of each in half units.
    async fn pages(&self, query: &str, price: u64) -> Vec<Vec<String>> {
        let (client, meter) = self.database.metered_client();
        let handler = QueryHandler::new(
            DynamoEventStore::new(client.clone(), "OrderEvents"),
            readers(&client, DynamoSummaries::new(client.clone(), SUMMARY_TABLE)),
            parked(&self.database),
            AuthMode::None,
        );
        let (mut pages, mut cursor) = (Vec::new(), String::new());
        loop {
            let reply = ask(&handler, &list_orders("customer-1001").query(&format!("{query}{cursor}"))).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
            let consumed = meter.take().read_half_units();
            assert!(consumed <= price, "{consumed} half units");
            let page = reply.json();
            let items = page["items"].as_array().unwrap();
            pages.push(items.iter().map(|order| order["orderId"].as_str().unwrap().to_owned()).collect());
            let Some(next) = page["nextCursor"].as_str() else { return pages };
            cursor = format!("&cursor={next}");
        }
    }
}

#[tokio::test]
async fn a_page_of_unreadable_rows_ends_at_64_units() {
    let mut given = Unreadable::orders(100, &json!([{ "sku": "MUG", "quantity": 1, "unitPrice": 1 }])).await;
    given.placed.reverse();
    for query in ["limit=100", "limit=100&status=placed&paymentStatus=unpaid"] {
        let pages = given.pages(query, 2 * 64).await;
        assert!(
            pages.len() > 1 && pages[0].len() > 50,
            "{query}: {:?}",
            pages.iter().map(Vec::len).collect::<Vec<_>>()
        );
        assert_eq!(pages.concat(), given.placed, "{query}");
    }
}

#[tokio::test]
async fn a_page_of_unreadable_rows_of_large_orders_goes_on() {
    let line = |number: usize| {
        let name = "\u{1f375}".repeat(256);
        json!({ "sku": format!("{number:0>64}"), "name": name, "quantity": 1, "unitPrice": 1 })
    };
    let items: Vec<_> = (0..100).map(line).collect();
    let mut given = Unreadable::orders(6, &json!(items)).await;
    given.placed.reverse();
    // The first order is folded even if its row took most of the budget.
    let pages = given.pages("limit=100", 2 * 64 + 2 * 29).await;
    assert!(pages.iter().all(|page| !page.is_empty()), "{pages:?}");
    assert_eq!(pages.concat(), given.placed);
}
