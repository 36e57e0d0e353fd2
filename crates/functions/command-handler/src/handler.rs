//! The path of one request, from arrival to reply.

use std::convert::Infallible;
use std::time::Instant;

use aws_sdk_dynamodb::Client;
use event_store::{
    DynamoEventStore, EventStore, Execution, Failure, Fingerprint, Invocation, Outcome, StoreError, TableError,
    Timestamp, execute,
};
use function_setup::{CommandConfig, deadline};
use http_api::identity::UnknownAuthMode;
use http_api::quotes::BadQuoteKeys;
use http_api::replies::{CommandReply, EventView};
use http_api::{
    Authentication, Caller, CommandRoute, ParsedCommand, ParsedRequest, Problem, QuoteVerifier, gateway_request_id,
    responses,
};
use lambda_http::{Body, Request, RequestExt, Response};
use order_aggregate::Orders;
use order_domain::values::OrderId;
use order_domain::{Command, Rejection};
use uuid::Uuid;

use crate::log::LogEntry;
use crate::order_id::new_order_id;
use crate::rules::OrderRules;

/// The HTTP handler of commands, on top of an event store.
#[derive(Debug, Clone)]
pub struct CommandHandler<S> {
    pub(crate) store: S,
    authentication: Authentication,
    pub(crate) quotes: QuoteVerifier,
    pub(crate) clock: fn() -> Timestamp,
}

/// An environment variable with a value that the handler cannot use.
#[derive(Debug, thiserror::Error)]
pub enum UnusableConfig {
    /// `AUTH_MODE` is not a known mode.
    #[error(transparent)]
    AuthMode(#[from] UnknownAuthMode),
    /// `QUOTE_KEYS` is not a set of keys.
    #[error(transparent)]
    QuoteKeys(#[from] BadQuoteKeys),
}

impl CommandHandler<DynamoEventStore> {
    /// Creates a handler that uses the tables of a configuration.
    ///
    /// # Errors
    /// When `AUTH_MODE` is not a known mode, or `QUOTE_KEYS` is not a set of keys.
    pub fn on_dynamo(client: Client, config: CommandConfig) -> Result<Self, UnusableConfig> {
        let store = DynamoEventStore::new(client, config.events_table);
        let authentication = Authentication {
            mode: config.callers.auth_mode.parse()?,
            customer_claim: config.callers.customer_claim,
            customer_claim_prefix: config.callers.customer_claim_prefix,
            scope_prefix: config.callers.scope_prefix,
        };
        let quotes = QuoteVerifier::parse(&config.quote_keys, config.quote_audience)?;
        Ok(Self::new(store, authentication, quotes, Timestamp::now))
    }
}

impl<S: EventStore<Orders>> CommandHandler<S> {
    /// Creates a handler that uses this store and accepts these quotes. `clock` returns the time at which a command
    /// arrives. It is [`Timestamp::now`] outside tests.
    pub fn new(
        store: S,
        authentication: impl Into<Authentication>,
        quotes: QuoteVerifier,
        clock: fn() -> Timestamp,
    ) -> Self {
        Self { store, authentication: authentication.into(), quotes, clock }
    }

    /// Answers one request. Every failure becomes a reply too, so the caller receives a problem and not the gateway's bare
    /// 500.
    ///
    /// # Errors
    /// Never. The Lambda runtime requires a `Result`.
    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        let started = Instant::now();
        // The problem and the log entry have the same `requestId`, so an operator can find one from the other.
        let request_id = gateway_request_id(&request).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
        let mut entry = LogEntry::of(&request);
        let deadline_ms = request.lambda_context_ref().map(|context| context.deadline);
        // Boxed: the future has many KB, and the deadline and the Lambda runtime would copy it several times.
        let answer = Box::pin(self.answer(&request, &request_id, &mut entry));
        let answer = deadline::within(deadline_ms, answer).await;
        let answer = answer.unwrap_or_else(|out_of_time| {
            // The write may have succeeded. If so, a retry of the same request finds its commit.
            entry.failed(&out_of_time);
            Err(Problem::unavailable())
        });
        let mut response = answer.unwrap_or_else(|problem| {
            entry.outcome = problem.code();
            entry.reason = problem.reason().map(str::to_owned);
            problem.into_response(&request_id)
        });
        entry.correlation.mark(&mut response, &request_id);
        entry.write(&request_id, response.status(), started.elapsed());
        Ok(response)
    }

    async fn answer(
        &self,
        request: &Request,
        request_id: &str,
        entry: &mut LogEntry,
    ) -> Result<Response<Body>, Problem> {
        let caller = Caller::of(request, &self.authentication)?;
        let routed = CommandRoute::of(request)?;
        caller.require(routed.route.scopes())?;
        let parsed = match routed.parse()? {
            ParsedRequest::Command(parsed) => parsed,
            ParsedRequest::Quote(quote) => return self.place_from_quote(&caller, &quote, entry).await,
        };
        if matches!(parsed.command, Command::PlaceOrder(_)) && !caller.sets_prices() {
            return Err(Problem::prices_not_trusted());
        }
        if let Command::CancelItems(cancel) = &parsed.command
            && cancel.reduction.is_some()
            && !caller.sets_prices()
        {
            return Err(Problem::reduction_not_allowed());
        }
        let order_id = order_id_for(&caller, &parsed)?;
        entry.order_id = Some(order_id.to_string());

        let headers = parsed.headers;
        let invocation = Invocation {
            aggregate_id: order_id.as_str(),
            creates: parsed.order_id.is_none(),
            request: &event_store::Request {
                request_id: headers.idempotency_key.unwrap_or_else(|| request_id.to_owned()),
                fingerprint: Fingerprint(parsed.fingerprint),
                actor: caller.actor().to_owned(),
                correlation_id: entry.correlation.id.clone(),
                causation_id: None,
            },
            expected_versions: headers.if_match.as_deref(),
            clock: self.clock,
        };
        let rules = OrderRules { caller: &caller, command: &parsed.command };
        match execute(&self.store, invocation, &rules).await {
            Ok(execution) => {
                entry.accepted(&execution);
                accepted(order_id, &execution)
            }
            Err(failure) => {
                let problem = problem_for(&failure, entry);
                Err(if must_look_unknown(&failure, &caller, &invocation) {
                    Problem::order_not_found()
                } else {
                    problem
                })
            }
        }
    }
}

/// Returns the id of the order that a command is for: the order in its path, or a new one.
fn order_id_for(caller: &Caller, parsed: &ParsedCommand) -> Result<OrderId, Problem> {
    if let Some(order_id) = &parsed.order_id {
        return Ok(order_id.clone());
    }
    // Only an idempotency key distinguishes a retry from a second order.
    let key = parsed.headers.idempotency_key.as_deref().ok_or_else(Problem::idempotency_key_required)?;
    // Every UUID is an order id, so this cannot fail.
    OrderId::try_from(new_order_id(caller.actor(), key)).map_err(|_| Problem::internal())
}

/// Builds the reply to an accepted command. The reply to a repeated request is built from the first request's commit and
/// the state right after it. It is therefore equal to the first reply, byte for byte.
pub(crate) fn accepted(order_id: OrderId, execution: &Execution<Orders>) -> Result<Response<Body>, Problem> {
    let commit = &execution.commit;
    let events = commit
        .events
        .iter()
        .map(|recorded| EventView::of(&recorded.event, recorded.event_id, commit.version, commit.recorded_at));
    let events = events.collect::<Result<_, Problem>>()?;
    let reply = CommandReply::of_order(order_id, &execution.state, execution.version, events);
    let (outcome, replayed) = match execution.outcome {
        Outcome::Unchanged => (responses::Outcome::Unchanged, false),
        // Only the command that places an order makes version 1.
        Outcome::Recorded if commit.version == 1 => (responses::Outcome::Placed, false),
        Outcome::Replayed if commit.version == 1 => (responses::Outcome::Placed, true),
        Outcome::Recorded => (responses::Outcome::Recorded, false),
        Outcome::Replayed => (responses::Outcome::Recorded, true),
    };
    responses::command_accepted(&reply, outcome, replayed)
}

/// Returns true if the order could not be read and the caller may see only some orders. The owner of an unreadable order is
/// not known. Such a caller gets the reply for an unknown order, because any other reply would reveal that the order
/// exists. An order that the caller is placing belongs to the caller.
fn must_look_unknown(failure: &Failure<Rejection>, caller: &Caller, invocation: &Invocation<'_>) -> bool {
    let is_unreadable = matches!(failure, Failure::Store(StoreError::Unreadable { .. }));
    is_unreadable && !caller.sees_everyone() && !invocation.creates
}

/// Returns the problem for a failure. Details that the caller must not see go to the log `entry`.
pub(crate) fn problem_for(failure: &Failure<Rejection>, entry: &mut LogEntry) -> Problem {
    match failure {
        Failure::Refused(rejection) => Problem::refused(rejection),
        Failure::RequestIdReused => Problem::idempotency_key_reused(),
        &Failure::VersionMismatch { current } => {
            entry.version = Some(current);
            Problem::version_mismatch(current)
        }
        &Failure::Contention { attempts } => {
            entry.contended(attempts);
            Problem::contention()
        }
        Failure::Store(error) => {
            entry.failed(error);
            match error {
                StoreError::Table(TableError::Unavailable { .. }) => Problem::unavailable(),
                StoreError::Unreadable { version, .. } => Problem::order_unreadable(*version),
                StoreError::Table(TableError::Refused { .. }) | StoreError::Unwritable { .. } => Problem::internal(),
            }
        }
    }
}
