//! `orders token`: creates a token for any caller, with the issuer of a local stack.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use local_stack::{IssuerError, LocalIssuer, Token};
use order_domain::values::CustomerId;

use crate::running::DATA_FOLDER;
use crate::text::{lifetime, print};

/// The callers with predefined scopes.
const PRESETS: [&str; 6] = ["customer", "shop", "payment_provider", "warehouse", "support", "admin"];

/// The caller, and the limits of the token.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    caller: Caller,
    /// The scopes of --subject, separated by spaces
    #[arg(long, value_name = "SCOPES", requires = "subject", conflicts_with_all = PRESETS)]
    scope: Option<String>,
    /// The API that the token is for
    #[arg(long, default_value = LocalIssuer::AUDIENCE)]
    audience: String,
    /// The time until the token expires: a number with s, m, h or d
    #[arg(long, default_value = "1h", value_name = "TIME", value_parser = lifetime)]
    expires_in: Duration,
    /// The data folder of the stack, which contains the issuer's key
    #[arg(long, default_value = DATA_FOLDER, value_name = "FOLDER")]
    data: PathBuf,
}

/// The caller: exactly one of these options.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Caller {
    /// A customer's client: orders:read orders:place orders:cancel, for the orders of this customer
    #[arg(long, value_name = "CUSTOMER", value_parser = CustomerId::parse)]
    customer: Option<CustomerId>,
    /// The shop: orders:place-priced orders:read-all
    #[arg(long)]
    shop: bool,
    /// The payment provider: payments:write
    #[arg(long)]
    payment_provider: bool,
    /// The warehouse: fulfillment:write
    #[arg(long)]
    warehouse: bool,
    /// The support desk: orders:read-all
    #[arg(long)]
    support: bool,
    /// An administrator: orders:admin
    #[arg(long)]
    admin: bool,
    /// Another caller, with the scopes of --scope
    #[arg(long, value_name = "SUBJECT", requires = "scope")]
    subject: Option<String>,
}

impl Caller {
    /// Returns the subject of the token and its scopes.
    fn identity(self, scope: Option<String>) -> (String, String) {
        let (subject, scopes) = match self {
            Self { subject: Some(subject), .. } => return (subject, scope.unwrap_or_default()),
            Self { customer: Some(customer), .. } => {
                return (customer.to_string(), "orders:read orders:place orders:cancel".to_owned());
            }
            Self { shop: true, .. } => ("shop", "orders:place-priced orders:read-all"),
            Self { payment_provider: true, .. } => ("payment-provider", "payments:write"),
            Self { warehouse: true, .. } => ("warehouse", "fulfillment:write"),
            Self { support: true, .. } => ("support", "orders:read-all"),
            Self { .. } => ("admin", "orders:admin"),
        };
        (subject.to_owned(), scopes.to_owned())
    }
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let issuer = match LocalIssuer::open(&arguments.data) {
        Ok(issuer) => issuer,
        // A new key would not help, because only a stack that starts later would trust it.
        Err(error @ IssuerError::NoKey(_)) => {
            bail!("{error}: start `orders local --auth jwt` first, or name its folder with --data")
        }
        Err(error) => return Err(error.into()),
    };
    let (subject, scope) = arguments.caller.identity(arguments.scope);
    let token = Token { subject, scope, audience: arguments.audience, lifetime: arguments.expires_in };
    print(&issuer.token(&token)?);
    Ok(())
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

    fn parsed(arguments: &[&str]) -> Result<Arguments, clap::Error> {
        Ok(Command::try_parse_from([&["token"], arguments].concat())?.arguments)
    }

    #[test]
    fn every_caller_has_its_own_subject_and_scopes() {
        for (arguments, subject, scope) in [
            (&["--customer", "anna"][..], "anna", "orders:read orders:place orders:cancel"),
            (&["--shop"], "shop", "orders:place-priced orders:read-all"),
            (&["--payment-provider"], "payment-provider", "payments:write"),
            (&["--warehouse"], "warehouse", "fulfillment:write"),
            (&["--support"], "support", "orders:read-all"),
            (&["--admin"], "admin", "orders:admin"),
            (&["--subject", "x", "--scope", "a b"], "x", "a b"),
            (&["--subject", "x", "--scope", ""], "x", ""),
        ] {
            let Arguments { caller, scope: given, .. } = parsed(arguments).unwrap();
            assert_eq!(caller.identity(given), (subject.to_owned(), scope.to_owned()), "{arguments:?}");
        }
    }

    #[test]
    fn every_known_callers_scopes_mean_something_to_the_api() {
        let known: Vec<_> = http_api::Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        let callers =
            ["--shop", "--payment-provider", "--warehouse", "--support", "--admin"].map(|caller| vec![caller]);
        for arguments in callers.into_iter().chain([vec!["--customer", "anna"]]) {
            let (_, scope) = parsed(&arguments).unwrap().caller.identity(None);
            assert!(scope.split(' ').all(|scope| known.contains(&scope)), "{arguments:?}: {scope}");
        }
    }

    #[test]
    fn a_token_is_for_exactly_one_caller() {
        for arguments in [
            &[][..],
            &["--shop", "--admin"],
            &["--customer", "anna", "--shop"],
            &["--subject", "x"],
            &["--scope", "a"],
            &["--customer", "anna", "--scope", "a"],
            // An invalid customer id. Such a token would reach no order.
            &["--customer", "anna maria"],
            &["--customer", ""],
        ] {
            assert!(parsed(arguments).is_err(), "{arguments:?}");
        }
    }
}
