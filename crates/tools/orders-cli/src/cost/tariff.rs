//! The units, the assumptions about quantities that a laptop cannot count, and the price of each unit.

use std::collections::BTreeMap;

use clap::Args;
use read_models::registry::CORE;
use sam_template::{Template, TemplateError};
use serde::Serialize;

use super::prices::{Dollars, Price, PriceList, Prices};

/// Quantities that a laptop cannot count.
#[derive(Args, Debug, Clone, Copy, Serialize)]
pub(crate) struct Assumptions {
    /// Milliseconds that Lambda bills for a command or a query
    #[arg(long = "assume-ms", value_name = "MS", default_value_t = 10)]
    pub(crate) request_ms: u32,
    /// Milliseconds that Lambda bills for each record of a batch; those of a command are added once a batch
    #[arg(long = "assume-record-ms", value_name = "MS", default_value_t = 1)]
    pub(crate) record_ms: u32,
    /// Bytes that an invocation writes to its function's log, including Lambda's own lines
    #[arg(long = "assume-log-bytes", value_name = "BYTES", default_value_t = 1250)]
    pub(crate) log_bytes: u32,
    /// Bytes of one line of the API's access log
    #[arg(long = "assume-access-bytes", value_name = "BYTES", default_value_t = 400)]
    pub(crate) access_bytes: u32,
}

/// The unit of a line. The names of assumed units say that they are assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// HTTP requests of up to 512 KB.
    Requests,
    /// Invocations of a function.
    Invocations,
    /// Duration of a function times its memory, counted in megabyte-milliseconds.
    GbSeconds,
    /// Write units, counted in halves.
    WriteUnits,
    /// Read units, counted in halves.
    ReadUnits,
    /// Events of up to 64 KB.
    Events,
    /// Bytes that an archive stores.
    Archived,
    /// Bytes that a log ingests.
    Logged,
}

/// A GB as AWS bills it, in bytes.
pub(crate) const GB: u128 = 1024 * 1024 * 1024;

/// The terms on which a unit is counted, shown and priced.
pub(crate) struct Terms {
    pub(crate) name: &'static str,
    /// The number of counted steps in one unit as the report shows it.
    pub(crate) in_one: u128,
    /// The number of counted steps in one unit as AWS prices it.
    in_priced: u128,
    price: fn(&PriceList) -> &Price,
}

impl Unit {
    pub(crate) fn terms(self) -> Terms {
        let terms = |name, in_one, in_priced, price| Terms { name, in_one, in_priced, price };
        let gb_second = 1024 * 1000;
        match self {
            Self::Requests => terms("requests", 1, 1, |list| &list.http_api),
            Self::Invocations => terms("invocations", 1, 1, |list| &list.lambda_request),
            Self::GbSeconds => terms("GB-seconds, assumed", gb_second, gb_second, |list| &list.lambda_arm64),
            Self::WriteUnits => terms("write units", 2, 2, |list| &list.dynamodb_write),
            Self::ReadUnits => terms("read units", 2, 2, |list| &list.dynamodb_read),
            Self::Events => terms("events", 1, 1, |list| &list.eventbridge_event),
            Self::Archived => terms("bytes", 1, GB, |list| &list.eventbridge_archive),
            Self::Logged => terms("bytes, assumed", 1, GB, |list| &list.logs),
        }
    }
}

/// The prices and assumptions that turn counts into a bill.
pub(crate) struct Tariff {
    pub(crate) prices: Prices,
    pub(crate) assumed: Assumptions,
    /// The read models that a deployment keeps only on request.
    pub(crate) on_request: Vec<&'static str>,
    /// The memory of each function, in MB.
    memory: BTreeMap<String, u32>,
}

impl Tariff {
    /// Reads the functions' memory and the read models' switches from the template.
    pub(crate) fn new(prices: Prices, assumed: Assumptions, template: &Template) -> Result<Self, TemplateError> {
        let memory = template.functions()?.into_iter().map(|function| (function.name, function.memory_mb)).collect();
        let parameters = template.document().get("Parameters");
        let is_off = |name: &&str| {
            let default = parameters.and_then(|all| all.get(format!("Keep{name}").as_str())?.get("Default")?.as_str());
            default == Some("false")
        };
        let on_request = CORE.iter().map(|model| model.name).filter(is_off).collect();
        Ok(Self { prices, assumed, on_request, memory })
    }

    /// Returns the cost of a number of counted steps, divided by `orders`.
    pub(crate) fn cost(&self, unit: Unit, steps: u128, orders: u128) -> Dollars {
        let Terms { in_priced, price, .. } = unit.terms();
        price(&self.prices.list).of(steps, in_priced * orders)
    }

    /// Returns the billed time of a number of invocations with a number of records, in megabyte-milliseconds.
    pub(crate) fn time(&self, function: &str, invocations: u64, records: u64) -> u64 {
        let memory = self.memory.get(function).copied().unwrap_or_default();
        let ms = invocations * u64::from(self.assumed.request_ms) + records * u64::from(self.assumed.record_ms);
        ms * u64::from(memory)
    }
}
