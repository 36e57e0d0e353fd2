//! Currencies: strict when an order is placed, lenient when a stored order is read.

use serde::{Deserialize, Serialize};

use super::value_error::ValueError;

/// A currency, identified by its ISO 4217 code.
///
/// [`parse`](Self::parse) accepts the codes in use, for new orders. Reading a stored code accepts any three capital
/// letters, because orders outlive currencies: no change of the list can make a stored order unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// Parses the code of a currency in use today. Withdrawn currencies, precious metals, funds and test codes are
    /// rejected.
    ///
    /// # Errors
    /// Returns an error if the code does not name such a currency.
    pub fn parse(code: &str) -> Result<Self, ValueError> {
        let known = iso_currency::Currency::from_code(code).filter(|known| is_in_use(*known));
        known.and_then(|_| Self::of(code)).ok_or(ValueError::UnknownCurrency)
    }

    fn of(code: &str) -> Option<Self> {
        let letters: [u8; 3] = code.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters))
    }

    /// Returns the code, which is three capital letters.
    #[must_use]
    pub fn code(&self) -> &str {
        // Three ASCII letters are valid UTF-8, so the result is never empty.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn is_in_use(currency: iso_currency::Currency) -> bool {
    // The library treats VES as superseded by VED, but ISO 4217 lists both as codes of the bolívar in use.
    let is_withdrawn = currency.is_superseded().is_some() && currency != iso_currency::Currency::VES;
    !currency.is_special() && !currency.is_fund() && !is_withdrawn
}

impl TryFrom<String> for Currency {
    type Error = ValueError;

    fn try_from(code: String) -> Result<Self, ValueError> {
        Self::of(&code).ok_or(ValueError::NotACurrencyCode)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}
