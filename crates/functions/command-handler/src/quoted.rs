//! An order from a signed quote.
//!
//! A quote makes one order. The order's id follows from the quote, so a second request finds the order of the first one,
//! even after the quote expired or its key was retired. The caller receives a problem with the quote only if the quote
//! makes no order and made none before.

use event_store::{EventStore, Execution, Failure, Fingerprint, Invocation, Outcome, Request, UpTo, execute};
use http_api::quotes::{Quote, UnverifiedQuote};
use http_api::{Caller, Problem};
use lambda_http::{Body, Response};
use order_aggregate::Orders;
use order_domain::Rejection;
use order_domain::values::OrderId;

use crate::handler::{CommandHandler, accepted, problem_for};
use crate::log::LogEntry;
use crate::order_id::quoted_order_id;
use crate::rules::OrderRules;

impl<S: EventStore<Orders>> CommandHandler<S> {
    pub(crate) async fn place_from_quote(
        &self,
        caller: &Caller,
        quote: &UnverifiedQuote,
        entry: &mut LogEntry,
    ) -> Result<Response<Body>, Problem> {
        let quote = quote.verify(&self.quotes)?;
        // This check runs before any read, because a reply about another customer's quote would reveal whether that
        // customer has the order.
        if !caller.may_see(quote.customer_id()) {
            return Err(Problem::forbidden());
        }
        // Every UUID is an order id, so this cannot fail.
        let order_id = OrderId::try_from(quoted_order_id(quote.customer_id(), quote.quote_id()));
        let order_id = order_id.map_err(|_| Problem::internal())?;
        entry.order_id = Some(order_id.to_string());
        let problem = quote.problem_at((self.clock)());
        let request = Request {
            request_id: quote.request_id(),
            fingerprint: Fingerprint(quote.fingerprint()),
            actor: caller.actor().to_owned(),
            correlation_id: entry.correlation.id.clone(),
            causation_id: None,
        };
        let placed = match problem {
            None => self.place(caller, quote, &order_id, &request).await,
            Some(problem) => self.placed_before(&order_id, &request).await.transpose().ok_or(problem)?,
        };
        match placed {
            Ok(execution) => {
                entry.accepted(&execution);
                accepted(order_id, &execution)
            }
            Err(Failure::RequestIdReused) => Err(Problem::quote_id_reused()),
            Err(failure) => Err(problem_for(&failure, entry)),
        }
    }

    /// Places the order with one conditional write, which also finds the order that the quote made before.
    async fn place(
        &self,
        caller: &Caller,
        quote: Quote,
        order_id: &OrderId,
        request: &Request,
    ) -> Result<Execution<Orders>, Failure<Rejection>> {
        let command = quote.into_command();
        let invocation = Invocation {
            aggregate_id: order_id.as_str(),
            creates: true,
            request,
            expected_versions: None,
            clock: self.clock,
        };
        execute(&self.store, invocation, &OrderRules { caller, command: &command }).await
    }

    /// Returns the order that this quote made before, if there is one. The fingerprint must match too: if the quote's key
    /// is unknown, its content has no verified signature.
    async fn placed_before(
        &self,
        order_id: &OrderId,
        request: &Request,
    ) -> Result<Option<Execution<Orders>>, Failure<Rejection>> {
        // The first version places the order. The order's list of remembered requests drops the placing request after many
        // others, so it cannot be used here.
        let first = self.store.load(order_id.as_str(), UpTo::Version(1)).await?;
        let made_it = first.newest().filter(|commit| {
            (&commit.request.request_id, commit.request.fingerprint) == (&request.request_id, request.fingerprint)
        });
        Ok(made_it.cloned().map(|commit| Execution {
            outcome: Outcome::Replayed,
            version: commit.version,
            commit,
            state: first.state,
            attempts: 1,
            oversized_snapshot: None,
        }))
    }
}
