//! `orders quote`: a signed quote, as a shop's pricing service creates it.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use order_domain::values::{Amount, Currency, CustomerId, Quantity, QuoteId, Reference, Sku, ValueError};
use serde_json::{Map, Value, json};
use signed_quotes::{DEMO_AUDIENCE, QuoteSigner};
use uuid::Uuid;

use crate::quote_key::read_signer;
use crate::text::{lifetime, print};

/// The order, its prices, and the key that signs them.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The customer; only this customer can use the quote
    #[arg(long, value_parser = CustomerId::parse)]
    customer: CustomerId,
    /// A line of the order: its sku, quantity and unit price in minor units, such as TEA-500:3:999; can be repeated
    #[arg(long, value_name = "SKU:QUANTITY:PRICE", required = true)]
    item: Vec<Item>,
    /// The currency of every amount
    #[arg(long, default_value = "EUR", value_parser = Currency::parse)]
    currency: Currency,
    /// Shipping charged, in minor units
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    shipping: Option<Amount>,
    /// Tax charged, in minor units
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    tax: Option<Amount>,
    /// Discount granted, in minor units
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    discount: Option<Amount>,
    /// The shop's own order number
    #[arg(long, value_parser = Reference::parse)]
    reference: Option<Reference>,
    /// The quote's id, which one order can use [default: a new UUID]
    #[arg(long, value_name = "ID", value_parser = QuoteId::parse)]
    id: Option<QuoteId>,
    /// The time for which the quote is valid: a number with s, m, h or d
    #[arg(long, default_value = "15m", value_name = "TIME", value_parser = lifetime)]
    expires_in: Duration,
    /// The deployment that accepts the quote
    #[arg(long, default_value = DEMO_AUDIENCE)]
    audience: String,
    /// The file with the private key from `orders quote-key` [default: the demo key of the local stack]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// A line of the order.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    sku: Sku,
    quantity: Quantity,
    unit_price: Amount,
}

impl FromStr for Item {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let [sku, quantity, price] = text.split(':').collect::<Vec<_>>()[..] else {
            return Err("expected SKU:QUANTITY:PRICE, with the price in minor units (999 for 9.99)".to_owned());
        };
        let sku = Sku::parse(sku).map_err(|error| format!("the sku {error}"))?;
        let count = quantity.parse().map_err(|error| format!("the quantity is not a number: {error}"))?;
        let quantity = Quantity::new(count).map_err(|error| format!("the quantity {error}"))?;
        let unit_price = amount(price).map_err(|error| format!("the price {error}"))?;
        Ok(Self { sku, quantity, unit_price })
    }
}

/// Parses an amount in minor units.
fn amount(text: &str) -> Result<Amount, ValueError> {
    text.parse().map_or(Err(ValueError::AmountOutOfRange), Amount::new)
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let signer = match &arguments.key {
        None => QuoteSigner::demo()?,
        Some(file) => read_signer(file)?,
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    print(&signer.sign(&claims(arguments, now)));
    Ok(())
}

/// Returns the claims of a quote that is issued at `now`.
fn claims(arguments: &Arguments, now: Duration) -> Value {
    let items = arguments
        .item
        .iter()
        .map(|Item { sku, quantity, unit_price }| json!({ "sku": sku, "quantity": quantity, "unitPrice": unit_price }));
    let id = arguments.id.as_ref().map_or_else(|| Uuid::new_v4().to_string(), ToString::to_string);
    let mut claims = Map::from_iter([
        ("aud".to_owned(), json!(arguments.audience)),
        ("jti".to_owned(), json!(id)),
        ("exp".to_owned(), json!(now.saturating_add(arguments.expires_in).as_secs())),
        ("customerId".to_owned(), json!(arguments.customer)),
        ("currency".to_owned(), json!(arguments.currency)),
        ("items".to_owned(), items.collect()),
    ]);
    let charges = [("shipping", arguments.shipping), ("tax", arguments.tax), ("discount", arguments.discount)];
    claims.extend(charges.into_iter().filter_map(|(name, amount)| Some((name.to_owned(), json!(amount?)))));
    claims.extend(arguments.reference.iter().map(|reference| ("reference".to_owned(), json!(reference))));
    Value::Object(claims)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn parsed(arguments: &str) -> Result<Arguments, clap::Error> {
        Ok(Command::try_parse_from(["quote"].into_iter().chain(arguments.split_whitespace()))?.arguments)
    }

    #[test]
    fn a_quote_has_the_claims_that_were_asked_for_and_no_others() {
        let now = Duration::from_secs(1_000);
        let least = parsed("--customer anna --item TEA-500:3:999 --id q-1").unwrap();
        let items = json!([{ "sku": "TEA-500", "quantity": 3, "unitPrice": 999 }]);
        let expected = json!({
            "aud": "order-ledger-local", "jti": "q-1", "exp": 1_900, "customerId": "anna", "currency": "EUR", "items": items,
        });
        assert_eq!(claims(&least, now), expected);
        let most = parsed(
            "--customer anna --item a.b:1:0 --item c:2:7 --currency JPY --shipping 1 --tax 2 --discount 3 --reference R-1 --id q \
             --expires-in 1s --audience shop",
        );
        let items =
            json!([{ "sku": "a.b", "quantity": 1, "unitPrice": 0 }, { "sku": "c", "quantity": 2, "unitPrice": 7 }]);
        let expected = json!({
            "aud": "shop", "jti": "q", "exp": 1_001, "customerId": "anna", "currency": "JPY", "items": items,
            "shipping": 1, "tax": 2, "discount": 3, "reference": "R-1",
        });
        assert_eq!(claims(&most.unwrap(), now), expected);
    }

    #[test]
    fn each_quote_has_an_id_of_its_own() {
        let arguments = parsed("--customer anna --item TEA-500:3:999").unwrap();
        let id = || claims(&arguments, Duration::ZERO)["jti"].clone();
        assert_ne!(id(), id());
    }

    #[test]
    fn a_line_without_a_sku_a_quantity_and_a_price_is_refused() {
        for item in [
            "TEA-500",
            "TEA-500:3",
            "TEA-500:x:999",
            "TEA-500:3:9.99",
            "TEA-500:3:-1",
            ":",
            "T:E:1:2",
            "TEA 5:3:9",
            "T:0:1",
        ] {
            assert!(parsed(&format!("--customer anna --item {item}")).is_err(), "{item}");
        }
        assert!(parsed("--customer anna").is_err());
    }

    #[test]
    fn a_value_that_the_api_would_refuse_is_not_signed() {
        parsed("--customer anna --item T:1:1").unwrap();
        let too_large = u64::MAX.to_string();
        for wrong in [
            &["--customer", "anna maria"][..],
            &["--customer", "anna", "--currency", "eur"],
            &["--customer", "anna", "--id", "q/1"],
            &["--customer", "anna", "--reference", " "],
            &["--customer", "anna", "--shipping", &too_large],
        ] {
            let arguments = [&["quote", "--item", "T:1:1"], wrong].concat();
            assert!(Command::try_parse_from(arguments).is_err(), "{wrong:?}");
        }
    }
}
