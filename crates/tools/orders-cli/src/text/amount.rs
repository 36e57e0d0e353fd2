//! Amounts: integers in minor units, written with the decimals of their currency.

use iso_currency::Currency;

/// Formats `2997` minor units of `EUR` as `29.97 EUR`. If ISO 4217 does not list the currency, the text states minor units.
pub(crate) fn amount(minor_units: u64, currency: &str) -> String {
    match Currency::from_code(currency).and_then(Currency::exponent) {
        None => format!("{minor_units} minor units {currency}"),
        Some(0) => format!("{minor_units} {currency}"),
        Some(decimals) => {
            let decimals = usize::from(decimals);
            let digits = format!("{minor_units:0>width$}", width = decimals + 1);
            let (whole, fraction) = digits.split_at(digits.len() - decimals);
            format!("{whole}.{fraction} {currency}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::amount;

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        for (minor_units, currency, text) in [
            (2997, "EUR", "29.97 EUR"),
            (5, "EUR", "0.05 EUR"),
            (0, "EUR", "0.00 EUR"),
            (1500, "JPY", "1500 JPY"),
            (1500, "KWD", "1.500 KWD"),
            (9_007_199_254_740_991, "USD", "90071992547409.91 USD"),
            (7, "???", "7 minor units ???"),
        ] {
            assert_eq!(amount(minor_units, currency), text);
        }
    }
}
