//! A connection to DynamoDB that rejects or loses writes, and on which another writer writes first.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use embedded_dynamodb::{Database, protocol};
use read_models::SummedRows;
use serde_json::{Value, json};

use crate::story::TOTALS_TABLE;
use crate::summed_rows::Book;

/// The result of a write on the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    Arrives,
    /// Nothing is written, and the response has this error.
    Refused(&'static str),
    /// The item is written, and the response says that the server failed.
    AnswerLost,
    /// Nothing is written, and the server fails.
    Lost,
}

/// A connection to the database that applies these fates to successive writes. The last fate also applies to all later
/// writes.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    database: Arc<OpaqueDatabase>,
    pub(crate) fates: Arc<Mutex<VecDeque<Fate>>>,
    pub(crate) writes: Arc<Mutex<usize>>,
    /// An item that another writer puts before the next query is answered.
    pub(crate) meanwhile: Arc<Mutex<Option<Value>>>,
    /// The items that another writer puts between the read of the sums and that of the rows.
    pub(crate) between: Arc<Mutex<Vec<Value>>>,
    reads: Arc<Mutex<usize>>,
}

struct OpaqueDatabase(Database);

impl std::fmt::Debug for OpaqueDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Database")
    }
}

impl Line {
    fn answer(&self, operation: &str, body: &[u8]) -> (u16, String) {
        let database = &self.database.0;
        match operation {
            "BatchGetItem" => {
                *self.reads.lock().unwrap() += 1;
                if *self.reads.lock().unwrap() == 2 {
                    for put in self.between.lock().unwrap().drain(..) {
                        database.put_item(serde_json::from_value(put).unwrap()).unwrap();
                    }
                }
                return protocol::answer(database, operation, body);
            }
            "Query" => {
                if let Some(put) = self.meanwhile.lock().unwrap().take() {
                    database.put_item(serde_json::from_value(put).unwrap()).unwrap();
                }
                return protocol::answer(database, operation, body);
            }
            _ => *self.writes.lock().unwrap() += 1,
        }
        let fate = {
            let mut fates = self.fates.lock().unwrap();
            if fates.len() > 1 { fates.pop_front() } else { fates.front().copied() }.unwrap()
        };
        assert_eq!(operation, "PutItem", "no other write of a row");
        let arrives = || protocol::answer(database, operation, body);
        match fate {
            Fate::Arrives => arrives(),
            Fate::Refused(name) => {
                let kind = format!("com.amazonaws.dynamodb.v20120810#{name}");
                (400, json!({ "__type": kind, "message": name }).to_string())
            }
            Fate::Lost => (500, json!({ "__type": "InternalServerError", "message": "lost" }).to_string()),
            Fate::AnswerLost => {
                assert_eq!(arrives().0, 200);
                (500, json!({ "__type": "InternalServerError", "message": "lost" }).to_string())
            }
        }
    }
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap();
        let (status, body) = self.answer(target.rsplit_once('.').unwrap().1, request.body().bytes().unwrap());
        let response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl HttpClient for Line {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// Returns rows on such a connection, whose client makes so many attempts, and the connection.
pub(crate) fn faulty_rows(book: &Book, attempts: u32, fates: &[Fate]) -> (SummedRows, Line) {
    let line = Line {
        database: Arc::new(OpaqueDatabase(book.server.database().clone())),
        fates: Arc::new(Mutex::new(fates.iter().copied().collect())),
        writes: Arc::default(),
        meanwhile: Arc::default(),
        between: Arc::default(),
        reads: Arc::default(),
    };
    let config = book.server.config().http_client(line.clone());
    let config = config.retry_config(RetryConfig::standard().with_max_attempts(attempts));
    (SummedRows::new(Client::from_conf(config.build()), TOTALS_TABLE), line)
}
