//! The units, the assumptions about quantities that a laptop cannot count, and the price of each unit.

use std::collections::BTreeMap;
use std::fmt;

use clap::Args;
use sam_template::{Template, TemplateError};
use serde::Serialize;

use super::prices::{Price, Prices};

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

impl Unit {
    /// The number of counted steps in one unit as the report shows it.
    pub(crate) const fn in_one(self) -> u128 {
        match self {
            Self::Requests | Self::Invocations | Self::Events => 1,
            Self::Archived | Self::Logged => 1,
            Self::GbSeconds => 1024 * 1000,
            Self::WriteUnits | Self::ReadUnits => 2,
        }
    }

    /// The number of counted steps in one unit as AWS prices it.
    pub(crate) const fn in_priced(self) -> u128 {
        match self {
            Self::Archived | Self::Logged => GB,
            Self::Requests | Self::Invocations | Self::Events => self.in_one(),
            Self::GbSeconds | Self::WriteUnits | Self::ReadUnits => self.in_one(),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Requests => "requests",
            Self::Invocations => "invocations",
            Self::GbSeconds => "GB-seconds, assumed",
            Self::WriteUnits => "write units",
            Self::ReadUnits => "read units",
            Self::Events => "events",
            Self::Archived => "bytes",
            Self::Logged => "bytes, assumed",
        })
    }
}

/// The prices and assumptions that turn counts into a bill.
pub(crate) struct Tariff {
    pub(crate) prices: Prices,
    pub(crate) assumed: Assumptions,
    /// The memory of each function, in MB.
    memory: BTreeMap<String, u32>,
}

impl Tariff {
    /// Reads the functions' memory from the template.
    pub(crate) fn new(prices: Prices, assumed: Assumptions, template: &Template) -> Result<Self, TemplateError> {
        let functions = template.functions()?.into_iter();
        Ok(Self { prices, assumed, memory: functions.map(|function| (function.name, function.memory_mb)).collect() })
    }

    /// Returns the price of a unit.
    pub(crate) const fn price(&self, unit: Unit) -> &Price {
        match unit {
            Unit::Requests => &self.prices.list.http_api,
            Unit::Invocations => &self.prices.list.lambda_request,
            Unit::GbSeconds => &self.prices.list.lambda_arm64,
            Unit::WriteUnits => &self.prices.list.dynamodb_write,
            Unit::ReadUnits => &self.prices.list.dynamodb_read,
            Unit::Events => &self.prices.list.eventbridge_event,
            Unit::Archived => &self.prices.list.eventbridge_archive,
            Unit::Logged => &self.prices.list.logs,
        }
    }

    /// Returns the billed time of a number of invocations with a number of records, in megabyte-milliseconds.
    pub(crate) fn time(&self, function: &str, invocations: u64, records: u64) -> u64 {
        let memory = self.memory.get(function).copied().unwrap_or_default();
        let ms = invocations * u64::from(self.assumed.request_ms) + records * u64::from(self.assumed.record_ms);
        ms * u64::from(memory)
    }
}
