//! A complete system on free loopback ports, in memory.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use http_api::AuthMode;
use local_stack::{
    Admission, Authentication, DataLocation, Functions, LocalIssuer, LocalStack, Options, Surroundings, Token,
};
use read_models::registry::CORE;
use sam_template::Template;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use signed_quotes::QuoteSigner;

use crate::api::Api;
use crate::binaries::Written;
use crate::{authorizer, binaries, rival};

pub struct System {
    pub stack: LocalStack,
    pub api: Api,
}

impl System {
    /// Starts a system with the handlers in this process, called with Lambda's JSON.
    pub async fn start() -> Self {
        Self::around(LocalStack::start_in_process(options()).await.unwrap())
    }

    /// Starts a system with the real binaries, called through a Lambda Runtime API.
    pub async fn start_with_binaries() -> Self {
        Self::around(LocalStack::start(options(), binaries::functions).await.unwrap())
    }

    /// Starts a system with the real binaries, configured for tokens and the most detailed log, which is kept in `written`.
    /// Also returns the functions, for payloads that only Lambda could send.
    pub async fn start_with_overheard_binaries(written: &mut Written) -> (Self, Functions) {
        let mut shared = Functions::new();
        let functions = async |surroundings: &Surroundings| {
            let talkative =
                [("AUTH_MODE", "jwt"), ("LOG_LEVEL", "debug"), ("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full")];
            let mut functions = binaries::overheard(surroundings, &talkative, written).await?;
            for name in ["command-handler", "query-handler"] {
                let function = functions.remove(name).unwrap();
                functions.insert(name.to_owned(), authorizer::in_front_of(function));
            }
            shared.clone_from(&functions);
            Ok(functions)
        };
        let stack = LocalStack::start(options(), functions).await.unwrap();
        (Self::around(stack), shared)
    }

    /// Starts a system with handlers configured for tokens, behind the local gateway's authorizer. Also returns the issuer
    /// of its tokens.
    pub async fn start_with_local_issuer() -> (Self, LocalIssuer) {
        let issuer = LocalIssuer::in_memory().unwrap();
        let options = Options { authentication: Authentication::Jwt(issuer.clone()), ..options() };
        (Self::around(LocalStack::start_in_process(options).await.unwrap()), issuer)
    }

    /// Returns a client that sends a real token of this subject.
    pub fn caller(&self, issuer: &LocalIssuer, subject: &str, scope: &str) -> Api {
        let lifetime = Duration::from_secs(3_600);
        let audience = LocalIssuer::AUDIENCE.to_owned();
        let token = Token { subject: subject.to_owned(), scope: scope.to_owned(), audience, lifetime };
        self.api.with_bearer(issuer.token(&token).unwrap())
    }

    /// Starts a system with handlers configured for tokens.
    pub async fn start_with_tokens() -> Self {
        Self::start_with_authorizer(AuthMode::Jwt).await
    }

    /// Starts a system with handlers configured for signed requests.
    pub async fn start_with_signatures() -> Self {
        Self::start_with_authorizer(AuthMode::Iam).await
    }

    /// Starts a system with handlers configured for one API with tokens and one API with signed requests.
    pub async fn start_with_tokens_and_signatures() -> Self {
        Self::start_with_authorizer(AuthMode::JwtAndIam).await
    }

    async fn start_with_authorizer(mode: AuthMode) -> Self {
        let functions = async |surroundings: &Surroundings| {
            Ok(authorizer::functions(surroundings, surroundings.dynamodb.clone(), mode))
        };
        Self::around(LocalStack::start(options(), functions).await.unwrap())
    }

    /// Starts a system with handlers whose store has a rival that always wins.
    pub async fn start_with_a_rival() -> Self {
        let functions = async |surroundings: &Surroundings| Ok(rival::functions(surroundings));
        Self::around(LocalStack::start(options(), functions).await.unwrap())
    }

    /// Starts a system with handlers whose DynamoDB does not answer.
    pub async fn start_without_dynamodb() -> Self {
        let functions = async |surroundings: &Surroundings| {
            // No server listens there. The stack's own client would call the database without a server.
            let closed = Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .credentials_provider(Credentials::new("local", "local", None, None, "tests"))
                .endpoint_url("http://127.0.0.1:1")
                .retry_config(RetryConfig::disabled());
            let closed = aws_sdk_dynamodb::Client::from_conf(closed.build());
            Ok(authorizer::functions(surroundings, closed, AuthMode::Jwt))
        };
        Self::around(LocalStack::start(options(), functions).await.unwrap())
    }

    fn around(stack: LocalStack) -> Self {
        let api = Api::new(stack.api_url());
        Self { stack, api }
    }

    /// Waits until the read model has processed every acknowledged commit.
    pub async fn drained(&self) {
        self.stack.drained().await.unwrap();
    }

    /// Deletes all rows of the read models.
    pub fn delete_rows(&self) {
        let database = self.stack.database().database();
        for table in CORE.map(|model| model.name) {
            let described = database.describe_table(request(json!({ "TableName": table }))).unwrap().table;
            let key: BTreeSet<_> = described.key_schema.into_iter().map(|key| key.attribute_name).collect();
            let rows = database.scan(request(json!({ "TableName": table }))).unwrap().items.unwrap();
            for mut row in rows {
                row.retain(|attribute, _| key.contains(attribute));
                database.delete_item(request(json!({ "TableName": table, "Key": row }))).unwrap();
            }
        }
    }

    /// Returns the number of all commits, which must not change when a request is rejected.
    pub fn commits(&self) -> usize {
        let scan = request(json!({ "TableName": "OrderEvents", "Select": "COUNT" }));
        self.stack.database().database().scan(scan).unwrap().count
    }
}

fn request<T: DeserializeOwned>(request: Value) -> T {
    serde_json::from_value(request).unwrap()
}

pub(crate) fn options() -> Options {
    Options {
        data: DataLocation::InMemory,
        http: embedded_dynamodb::ANY_PORT,
        dynamodb: embedded_dynamodb::ANY_PORT,
        eventbridge: embedded_dynamodb::ANY_PORT,
        admission: Admission::default(),
        authentication: Authentication::None,
        cors_origins: Vec::new(),
        quote_keys: demo_keys(),
        template: Template::of_this_project().unwrap().with_every_read_model().unwrap(),
    }
}

/// Returns the JWK Set of the demo key, whose quotes every system accepts.
pub(crate) fn demo_keys() -> String {
    QuoteSigner::key_set([&QuoteSigner::demo().unwrap()]).to_string()
}
