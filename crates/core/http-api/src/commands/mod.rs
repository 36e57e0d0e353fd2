//! Parses a request into a command. All errors in the path, the headers and the body are reported at once. A parsed
//! command is always well-formed, so no later check is needed.

mod fulfillment;
pub(crate) mod order;
mod payments;

use lambda_http::Request;
use order_domain::Command;
use order_domain::command::RecordDelivery;
use order_domain::values::{OrderId, PaymentId, ShipmentId};

use crate::content_type::is_json;
use crate::fields::{Fields, Source};
use crate::fingerprint::request_fingerprint;
use crate::headers::CommandHeaders;
use crate::invalid::{Fault, Invalid, Place, note};
use crate::json::Json;
use crate::matching::Routed;
use crate::parameters::refuse_parameters;
use crate::problem::Problem;

use crate::quotes::{UnverifiedQuote, is_quoted, parse_quoted};
use crate::routes::CommandRoute;

/// The largest size of a request's body, in bytes.
pub const MAX_BODY: usize = 256 * 1024;

/// A parsed request for a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedCommand {
    /// The route of the request.
    pub route: CommandRoute,
    /// The order to change; `None` for a new order.
    pub order_id: Option<OrderId>,
    /// The command.
    pub command: Command,
    /// The fingerprint that identifies a repeated request: see [`request_fingerprint`].
    pub fingerprint: [u8; 16],
    /// The headers, with the idempotency key and the expected versions.
    pub headers: CommandHeaders,
}

/// A request for a change, parsed as far as the request alone allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParsedRequest {
    /// A complete command.
    Command(ParsedCommand),
    /// A new order from a quote that must still be verified.
    Quote(UnverifiedQuote),
}

impl ParsedRequest {
    /// Returns the command; `None` for a quote, because its command is known only after verification.
    #[must_use]
    pub fn command(self) -> Option<ParsedCommand> {
        match self {
            Self::Command(command) => Some(command),
            Self::Quote(_) => None,
        }
    }
}

/// Parses a request for a change.
///
/// # Errors
/// Returns `route_not_found`, `body_too_large`, `unsupported_media_type`, `invalid_request` with all errors at once, or
/// `quote_not_valid` for a quote with another signature algorithm.
pub fn parse_command(request: &Request) -> Result<ParsedRequest, Problem> {
    CommandRoute::of(request)?.parse()
}

impl Routed<'_, CommandRoute> {
    /// Parses a request for a change in the same way as [`parse_command`].
    ///
    /// # Errors
    /// Returns the same errors as [`parse_command`], except `route_not_found`.
    pub fn parse(&self) -> Result<ParsedRequest, Problem> {
        let &Self { route, request, ref parameters } = self;
        if request.body().len() > MAX_BODY {
            return Err(Problem::body_too_large(MAX_BODY));
        }
        if !request.body().is_empty() && !is_json(request.headers()) {
            return Err(Problem::unsupported_media_type());
        }
        let body = read_body(route, request.body());
        if let Ok(body) = &body
            && is_quoted(route, body)
        {
            return parse_quoted(request, body).map(ParsedRequest::Quote);
        }
        let mut errors = Vec::new();
        let order_id = parameters.id("orderId", OrderId::parse, &mut errors);
        let ids = PathIds {
            payment_id: parameters.id("paymentId", PaymentId::parse, &mut errors),
            shipment_id: parameters.id("shipmentId", ShipmentId::parse, &mut errors),
        };
        refuse_parameters(request, &mut errors);
        let headers = CommandHeaders::read(route, request.headers(), &mut errors);
        let body = note(&mut errors, Place::Pointer(String::new()), body);
        let command = body.as_ref().and_then(|body| read_command(route, ids, body, &mut errors));
        match (command, body) {
            (Some(command), Some(body)) if errors.is_empty() => {
                let fingerprint = request_fingerprint("POST", &parameters.fill(route.route().path), &body);
                Ok(ParsedRequest::Command(ParsedCommand { route, order_id, command, fingerprint, headers }))
            }
            _ => Err(Problem::invalid_request(&errors)),
        }
    }
}

/// Reads the body as JSON. A delivery has no body: an empty body and `{}` are the same.
fn read_body(route: CommandRoute, body: &[u8]) -> Result<Json, Fault> {
    if !body.is_empty() {
        Json::read(body)
    } else if route == CommandRoute::RecordDelivery {
        Ok(Json::Object(Vec::new()))
    } else {
        Err(Fault::new("missing_body", "a JSON object is needed"))
    }
}

fn read_command(route: CommandRoute, ids: PathIds, body: &Json, errors: &mut Vec<Invalid>) -> Option<Command> {
    let mut fields = Fields::of_document(body, Source::Body, errors)?;
    let PathIds { payment_id, shipment_id } = ids;
    let command = match route {
        CommandRoute::PlaceOrder => order::place(&mut fields).map(Command::PlaceOrder),
        CommandRoute::CancelItems => order::cancel_items(&mut fields).map(Command::CancelItems),
        CommandRoute::CancelOrder => order::cancel(&mut fields).map(Command::CancelOrder),
        CommandRoute::RecordPayment => payments::record(&mut fields).map(Command::RecordPayment),
        CommandRoute::CorrectPayment => payments::correct(payment_id, &mut fields).map(Command::CorrectPayment),
        CommandRoute::RefundPayment => payments::refund(&mut fields).map(Command::RefundPayment),
        CommandRoute::ShipItems => fulfillment::ship(&mut fields).map(Command::ShipItems),
        CommandRoute::RecordDelivery => {
            shipment_id.map(|shipment_id| Command::RecordDelivery(RecordDelivery { shipment_id }))
        }
        CommandRoute::ReturnItems => fulfillment::take_back(&mut fields).map(Command::ReturnItems),
    };
    fields.finish();
    command
}

/// The ids in a path besides the order's; `None` if the route has no such id, or if the id is faulty and its fault is
/// recorded.
struct PathIds {
    payment_id: Option<PaymentId>,
    shipment_id: Option<ShipmentId>,
}
