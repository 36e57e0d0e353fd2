//! A whole system on free loopback ports, in memory.

use local_stack::{DataLocation, LocalStack, Options};
use sam_template::Template;

use crate::api::Api;
use crate::binaries;

pub struct System {
    pub stack: LocalStack,
    pub api: Api,
}

impl System {
    /// The handlers in this process, behind Lambda's JSON.
    pub async fn start() -> Self {
        Self::around(LocalStack::start_in_process(options()).await.unwrap())
    }

    /// The real binaries, behind a Lambda Runtime API.
    pub async fn start_with_binaries() -> Self {
        Self::around(LocalStack::start(options(), binaries::functions).await.unwrap())
    }

    fn around(stack: LocalStack) -> Self {
        let api = Api::new(stack.api_url());
        Self { stack, api }
    }

    /// Waits until the read model has seen everything that was acknowledged.
    pub async fn drained(&self) {
        self.stack.drained().await.unwrap();
    }

    /// How many commits there are in all: what must not change when a request is refused.
    pub fn commits(&self) -> usize {
        let scan = serde_json::from_value(serde_json::json!({ "TableName": "OrderEvents", "Select": "COUNT" }));
        self.stack.database().database().scan(scan.unwrap()).unwrap().count
    }
}

fn options() -> Options {
    Options {
        data: DataLocation::InMemory,
        http: embedded_dynamodb::ANY_PORT,
        dynamodb: embedded_dynamodb::ANY_PORT,
        template: Template::of_this_project().unwrap(),
    }
}
