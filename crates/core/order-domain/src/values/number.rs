//! Numbers within the limits of the domain.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::value_error::ValueError;

/// The largest amount in minor units, 2^53 - 1: the largest integer that every JSON reader represents exactly.
pub const MAX_AMOUNT: u64 = (1 << 53) - 1;
/// The largest number of units of one item in an order, a shipment or a return.
pub const MAX_QUANTITY: u32 = 1_000_000;

/// Money in minor units of the order's currency: 0..=2^53 - 1. Code that adds amounts checks the sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct Amount(u64);

impl Amount {
    /// The amount 0.
    pub const ZERO: Self = Self(0);

    /// Checks and wraps an amount.
    ///
    /// # Errors
    /// Returns an error if the amount is above [`MAX_AMOUNT`].
    pub fn new(minor_units: u64) -> Result<Self, ValueError> {
        if minor_units <= MAX_AMOUNT { Ok(Self(minor_units)) } else { Err(ValueError::AmountOutOfRange) }
    }

    /// Returns the amount in minor units.
    #[must_use]
    pub const fn minor_units(self) -> u64 {
        self.0
    }

    /// Returns this amount less `other`, or 0 if `other` is larger.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Returns true if the amount is 0. Stored shapes use it to leave a field out.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl TryFrom<u64> for Amount {
    type Error = ValueError;

    fn try_from(minor_units: u64) -> Result<Self, ValueError> {
        Self::new(minor_units)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number of units of one item: 1..=1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32")]
pub struct Quantity(u32);

impl Quantity {
    /// Checks and wraps a quantity.
    ///
    /// # Errors
    /// Returns an error if the quantity is 0 or above [`MAX_QUANTITY`].
    pub fn new(count: u32) -> Result<Self, ValueError> {
        if (1..=MAX_QUANTITY).contains(&count) { Ok(Self(count)) } else { Err(ValueError::QuantityOutOfRange) }
    }

    /// Returns the number of units.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Quantity {
    type Error = ValueError;

    fn try_from(count: u32) -> Result<Self, ValueError> {
        Self::new(count)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
