//! The price of each unit on AWS, from a dated file, in picodollars.

use std::fmt;

use anyhow::{Context, ensure};
use serde::Deserialize;

/// The prices of us-east-1, on demand and before free tiers and discounts for volume.
const US_EAST_1: &str = include_str!("us-east-1.json");
/// The number of decimals of a picodollar. The smallest price, for a millisecond of a megabyte, is about 13 picodollars.
const DECIMALS: usize = 12;

/// A dated list of prices.
#[derive(Debug, Deserialize)]
pub(crate) struct Prices {
    pub(crate) region: String,
    /// The day on which the prices were read.
    pub(crate) as_of: String,
    #[serde(rename = "prices")]
    pub(crate) list: PriceList,
}

/// One price for each thing that AWS bills.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceList {
    pub(crate) dynamodb_write: Price,
    pub(crate) dynamodb_read: Price,
    pub(crate) dynamodb_storage: Price,
    pub(crate) dynamodb_recovery: Price,
    pub(crate) http_api: Price,
    pub(crate) lambda_request: Price,
    pub(crate) lambda_arm64: Price,
    pub(crate) eventbridge_event: Price,
    pub(crate) eventbridge_archive: Price,
    pub(crate) logs: Price,
}

/// A price: an amount of dollars for a number of units.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Stated")]
pub(crate) struct Price {
    picodollars: u128,
    per: u128,
}

/// A price as it is written in the file. The file also contains the unit, the AWS page, and the source of the figure.
#[derive(Deserialize)]
struct Stated {
    /// An amount in dollars, as a decimal.
    dollars: String,
    per: u64,
}

/// An amount of money, kept in picodollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Dollars {
    pico: u128,
}

impl Prices {
    /// Reads the prices in `json`, or the built-in prices.
    pub(crate) fn read(json: Option<&str>) -> anyhow::Result<Self> {
        serde_json::from_str(json.unwrap_or(US_EAST_1)).context("the prices cannot be read")
    }
}

impl Price {
    /// Returns the cost of `count` units, each of them `1 / in_one` of the priced unit.
    pub(crate) fn of(&self, count: u128, in_one: u128) -> Dollars {
        Dollars { pico: self.picodollars.saturating_mul(count) / self.per.saturating_mul(in_one).max(1) }
    }
}

impl TryFrom<Stated> for Price {
    type Error = anyhow::Error;

    fn try_from(stated: Stated) -> anyhow::Result<Self> {
        ensure!(stated.per > 0, "a price must cover at least one unit");
        Ok(Self { picodollars: decimal(&stated.dollars)?, per: stated.per.into() })
    }
}

/// Parses a decimal into picos: `0.625` into 625,000,000,000.
fn decimal(text: &str) -> anyhow::Result<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_decimal = !whole.is_empty() && [whole, fraction].concat().bytes().all(|byte| byte.is_ascii_digit());
    ensure!(
        is_decimal && fraction.len() <= DECIMALS,
        "{text} is not an amount in dollars with at most {DECIMALS} decimals"
    );
    Ok(format!("{whole}{fraction:0<DECIMALS$}").parse()?)
}

impl Dollars {
    /// Returns an amount in whole cents.
    pub(crate) const fn cents(cents: u128) -> Self {
        Self { pico: cents * 10_u128.pow(10) }
    }
}

impl std::ops::Add for Dollars {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { pico: self.pico + other.pico }
    }
}

impl std::ops::Sub for Dollars {
    type Output = Self;

    /// Returns zero if the result would be negative.
    fn sub(self, other: Self) -> Self {
        Self { pico: self.pico.saturating_sub(other.pico) }
    }
}

impl std::iter::Sum for Dollars {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), |sum, amount| sum + amount)
    }
}

/// Rounds to a tenth of a cent, because unit prices contain half cents.
impl fmt::Display for Dollars {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mills = (self.pico + 500_000_000) / 1_000_000_000;
        formatter.pad(&format!("{}.{:03}", mills / 1000, mills % 1000))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_price_is_read_to_the_last_decimal() {
        assert_eq!(decimal("0.0000133334").unwrap(), 13_333_400);
        assert_eq!(decimal("5").unwrap(), 5_000_000_000_000);
        for wrong in ["", "1,5", "-1", "0.0000000000001"] {
            assert!(decimal(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn amounts_are_exact_until_they_are_shown() {
        let prices = Prices::read(None).unwrap().list;
        // Three million half units, and a million invocations of 10 ms and 256 MB.
        assert_eq!(prices.dynamodb_read.of(3_000_000, 2).to_string(), "0.188");
        let time = prices.lambda_arm64.of(1_000_000 * 10 * 256, 1000 * 1024);
        assert_eq!(time.pico, 33_333_500_000);
        let thirds: Dollars = (0..3).map(|_| prices.dynamodb_write.of(1_000_000, 3)).sum();
        assert_eq!(thirds.to_string(), "0.625");
    }

    #[test]
    fn every_price_says_where_it_was_read() {
        let file: serde_json::Value = serde_json::from_str(US_EAST_1).unwrap();
        let prices: BTreeMap<String, serde_json::Value> = serde_json::from_value(file["prices"].clone()).unwrap();
        for (name, price) in prices {
            assert!(price["page"].as_str().unwrap().starts_with("https://aws.amazon.com/"), "{name}");
            assert!(price["read_at"].as_str().unwrap().starts_with("https://"), "{name}");
        }
    }
}
