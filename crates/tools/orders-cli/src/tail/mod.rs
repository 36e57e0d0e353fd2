//! `orders tail`: follows the local stack's event bus, and prints one line for each event.
//!
//! - `log`: the bus's log over HTTP
//! - `row`: formats an event as a line
//! - `currencies`: the currency of each order

mod currencies;
mod log;
mod row;

use std::io::{self, BufWriter, Write};

use clap::Args;
use clap::builder::PossibleValuesParser;
use order_domain::stored::EVENT_TYPES;
use publication::CloudEvent;

use crate::running::{Service, StackFolder};
use crate::text::columns;
use currencies::Currencies;
use log::{Lines, Log};

/// The events to print, their source, and the output format.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The URL of the local stack's event bus [default: that of the local stack, see --data]
    #[arg(long, value_name = "URL", conflicts_with = "folder")]
    bus_url: Option<String>,
    /// Only events of this type; can be repeated
    #[arg(long = "type", value_name = "TYPE", value_parser = event_types())]
    types: Vec<String>,
    /// Only events of this customer's orders
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Only events of this order
    #[arg(long, value_name = "ID")]
    order: Option<String>,
    /// Start with the oldest event instead of the next one
    #[arg(long)]
    from_start: bool,
    /// Stop after this number of printed events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Print the CloudEvents as published, one a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stack: StackFolder,
}

fn event_types() -> PossibleValuesParser {
    EVENT_TYPES.iter().map(|(name, _newest)| *name).into()
}

impl Arguments {
    fn wants(&self, event: &CloudEvent) -> bool {
        (self.types.is_empty() || self.types.contains(&event.event_type))
            && self.customer.as_ref().is_none_or(|customer| *customer == event.customerid)
            && self.order.as_ref().is_none_or(|order| *order == event.subject)
    }

    /// Returns true if no filter is set. Only then does the command print lines that are not Order Ledger events.
    fn wants_everything(&self) -> bool {
        self.types.is_empty() && self.customer.is_none() && self.order.is_none()
    }
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let log = Log::new(arguments.stack.address(Service::EventBridge, arguments.bus_url.as_deref())?)?;
    let mut currencies = Currencies::default();
    let after = if arguments.from_start { 0 } else { pass_over(log.lines(0, false).await?, &mut currencies).await? };
    let lines = log.lines(after, true).await?;
    match print_all(lines, arguments, &mut currencies, BufWriter::new(io::stdout())).await {
        // The reader has closed the pipe: `orders tail | head`.
        Err(error) if error.downcast_ref().map(io::Error::kind) == Some(io::ErrorKind::BrokenPipe) => Ok(()),
        ended => ended,
    }
}

/// Counts the existing events, and records their currencies, because later events of the same orders do not contain them.
async fn pass_over(mut lines: Lines, currencies: &mut Currencies) -> anyhow::Result<usize> {
    let mut count = 0;
    while let Some(some) = lines.next().await? {
        for line in some.split_inclusive(|byte| *byte == b'\n') {
            count += 1;
            if let Ok(event) = serde_json::from_slice(line) {
                currencies.learn(&event);
            }
        }
    }
    Ok(count)
}

async fn print_all(
    mut lines: Lines,
    arguments: &Arguments,
    currencies: &mut Currencies,
    mut out: impl Write,
) -> anyhow::Result<()> {
    if !arguments.json {
        writeln!(out, "{}", row::headings(columns()))?;
        out.flush()?;
    }
    let mut printed = 0;
    while let Some(some) = lines.next().await? {
        for line in some.split_inclusive(|byte| *byte == b'\n') {
            let Some(text) = shown(line, arguments, currencies) else { continue };
            writeln!(out, "{text}")?;
            printed += 1;
            if arguments.count == Some(printed) {
                return Ok(out.flush()?);
            }
        }
        out.flush()?;
    }
    let wanted = arguments.count.unwrap_or_default();
    anyhow::ensure!(printed >= wanted, "the bus stopped after {printed} of {wanted} events");
    Ok(())
}

/// Formats a line of the log; `None` if it is filtered out.
fn shown(line: &[u8], arguments: &Arguments, currencies: &mut Currencies) -> Option<String> {
    let as_it_is = || String::from_utf8_lossy(line).trim_end().to_owned();
    let Ok(event) = serde_json::from_slice::<CloudEvent>(line) else {
        return arguments.wants_everything().then(as_it_is);
    };
    currencies.learn(&event);
    let wanted = arguments.wants(&event);
    wanted.then(|| if arguments.json { as_it_is() } else { row::row(&event, currencies.of(&event.subject), columns()) })
}
