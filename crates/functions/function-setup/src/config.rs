//! Configuration, read once from the environment. `template.yaml` sets the variables, and a test compares their names.

use std::collections::BTreeMap;

use tracing::level_filters::LevelFilter;

use crate::variables::{ConfigError, Variables};

/// The variables of each read model's table: the read model's name, the variable with the table's name and, if a
/// deployment can run without the read model, the switch.
const READ_MODELS: [(&str, &str, Option<&str>); 3] = [
    ("OrderSummaryByCustomer", "SUMMARY_TABLE", None),
    ("CustomerTotals", "TOTALS_TABLE", Some("CUSTOMER_TOTALS")),
    ("OrdersByStatus", "ORDERS_BY_STATUS_TABLE", Some("ORDERS_BY_STATUS")),
];

/// The configuration of a function. Each field documents its variable.
pub trait Config: Sized {
    /// Reads the fields. If a variable is missing or wrong, `variables` notes the fault and the field has any value.
    fn read(variables: &mut Variables<'_>) -> Self;

    /// Reads the environment.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// Reads the variables through the function `variable`.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(&variable);
        let config = Self::read(&mut variables);
        variables.finish(config)
    }

    /// Returns the names of the variables that this configuration reads.
    fn variables() -> Vec<&'static str> {
        // With this value, every switch is on, so that the variables behind it are read too.
        let mut variables = Variables::new(&|_| Some("true".to_owned()));
        Self::read(&mut variables);
        variables.names()
    }
}

/// The identification of callers, for a function that answers HTTP requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerConfig {
    /// `AUTH_MODE`: the kinds of identity that the function accepts: `iam`, `jwt`, `jwt+iam` or `none`. The HTTP contract
    /// parses the word.
    pub auth_mode: String,
    /// `CUSTOMER_CLAIM`: the claim that names the customer in a customer's token, such as `sub`.
    pub customer_claim: String,
    /// `CUSTOMER_CLAIM_PREFIX`: the text that this claim must start with. It is not part of the customer's id. It may be
    /// empty.
    pub customer_claim_prefix: String,
    /// `SCOPE_PREFIX`: the text before the names of scopes. It may be empty.
    pub scope_prefix: String,
}

impl CallerConfig {
    fn read(variables: &mut Variables<'_>) -> Self {
        Self {
            auth_mode: variables.required("AUTH_MODE"),
            customer_claim: variables.required("CUSTOMER_CLAIM"),
            customer_claim_prefix: variables.optional("CUSTOMER_CLAIM_PREFIX"),
            scope_prefix: variables.optional("SCOPE_PREFIX"),
        }
    }
}

/// The command handler's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandConfig {
    /// `EVENTS_TABLE`: the name of the OrderEvents table.
    pub events_table: String,
    /// The callers that the function accepts.
    pub callers: CallerConfig,
    /// `QUOTE_KEYS`: the JWK Set of Ed25519 public keys that verify quotes. If it is empty, no quote is accepted. The HTTP
    /// contract parses it.
    pub quote_keys: String,
    /// `QUOTE_AUDIENCE`: the required `aud` of a quote.
    pub quote_audience: String,
    /// `LOG_LEVEL`: the least severe log entry to write: `error`, `warn`, `info` or `debug`.
    pub log_level: LevelFilter,
}

impl Config for CommandConfig {
    fn read(variables: &mut Variables<'_>) -> Self {
        Self {
            events_table: variables.required("EVENTS_TABLE"),
            callers: CallerConfig::read(variables),
            quote_keys: variables.optional("QUOTE_KEYS"),
            quote_audience: variables.required("QUOTE_AUDIENCE"),
            log_level: variables.level(),
        }
    }
}

/// The projector's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectorConfig {
    /// `EVENTS_TABLE`: the name of the OrderEvents table, which the projector reads to fill gaps.
    pub events_table: String,
    /// The names of the read models' tables, by the read models' names: `SUMMARY_TABLE`, `TOTALS_TABLE` unless
    /// `CUSTOMER_TOTALS` is `false`, and `ORDERS_BY_STATUS_TABLE` unless `ORDERS_BY_STATUS` is `false`.
    pub tables: BTreeMap<&'static str, String>,
    /// `PARKED_TABLE`: the name of the ParkedOrders table.
    pub parked_table: String,
    /// `LOG_LEVEL`: the least severe log entry to write: `error`, `warn`, `info` or `debug`.
    pub log_level: LevelFilter,
}

impl Config for ProjectorConfig {
    fn read(variables: &mut Variables<'_>) -> Self {
        let events_table = variables.required("EVENTS_TABLE");
        let mut table = |(read_model, table, switch)| Some((read_model, variables.behind(switch, table)?));
        let tables = READ_MODELS.into_iter().filter_map(&mut table).collect();
        Self { events_table, tables, parked_table: variables.required("PARKED_TABLE"), log_level: variables.level() }
    }
}

/// The publisher's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherConfig {
    /// `EVENT_BUS`: the name or ARN of the event bus.
    pub event_bus: String,
    /// `PARKED_TABLE`: the name of the ParkedOrders table.
    pub parked_table: String,
    /// `LOG_LEVEL`: the least severe log entry to write: `error`, `warn`, `info` or `debug`.
    pub log_level: LevelFilter,
}

impl Config for PublisherConfig {
    fn read(variables: &mut Variables<'_>) -> Self {
        Self {
            event_bus: variables.required("EVENT_BUS"),
            parked_table: variables.required("PARKED_TABLE"),
            log_level: variables.level(),
        }
    }
}

/// The query handler's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryConfig {
    /// `EVENTS_TABLE`: the name of the OrderEvents table, for history and time travel.
    pub events_table: String,
    /// `SUMMARY_TABLE`: the name of the OrderSummaryByCustomer table.
    pub summary_table: String,
    /// `TOTALS_TABLE`: the name of the CustomerTotals table. It is `None` if `CUSTOMER_TOTALS` is `false`, because the
    /// deployment then keeps no totals.
    pub totals_table: Option<String>,
    /// `ORDERS_BY_STATUS_TABLE`: the name of the OrdersByStatus table. It is `None` if `ORDERS_BY_STATUS` is `false`.
    pub open_orders_table: Option<String>,
    /// `PARKED_TABLE`: the name of the ParkedOrders table.
    pub parked_table: String,
    /// The callers that the function accepts.
    pub callers: CallerConfig,
    /// `LOG_LEVEL`: the least severe log entry to write: `error`, `warn`, `info` or `debug`.
    pub log_level: LevelFilter,
}

impl Config for QueryConfig {
    fn read(variables: &mut Variables<'_>) -> Self {
        Self {
            events_table: variables.required("EVENTS_TABLE"),
            summary_table: variables.required("SUMMARY_TABLE"),
            totals_table: variables.behind(Some("CUSTOMER_TOTALS"), "TOTALS_TABLE"),
            open_orders_table: variables.behind(Some("ORDERS_BY_STATUS"), "ORDERS_BY_STATUS_TABLE"),
            parked_table: variables.required("PARKED_TABLE"),
            callers: CallerConfig::read(variables),
            log_level: variables.level(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::ConfigFault;

    fn named(name: &str) -> Option<String> {
        Some(match name {
            "LOG_LEVEL" => "debug".to_owned(),
            "CUSTOMER_TOTALS" | "ORDERS_BY_STATUS" => "true".to_owned(),
            _ => name.to_lowercase(),
        })
    }

    #[test]
    fn each_field_is_read_from_its_own_variable() {
        let config = QueryConfig::from_variables(named).unwrap();
        assert_eq!(config.events_table, "events_table");
        assert_eq!(config.summary_table, "summary_table");
        assert_eq!(config.totals_table.as_deref(), Some("totals_table"));
        assert_eq!(config.open_orders_table.as_deref(), Some("orders_by_status_table"));
        assert_eq!(config.parked_table, "parked_table");
        assert_eq!(config.callers.auth_mode, "auth_mode");
        assert_eq!(config.callers.customer_claim, "customer_claim");
        assert_eq!(config.callers.customer_claim_prefix, "customer_claim_prefix");
        assert_eq!(config.callers.scope_prefix, "scope_prefix");
        assert_eq!(config.log_level, LevelFilter::DEBUG);
        let config = ProjectorConfig::from_variables(named).unwrap();
        let tables = [
            ("CustomerTotals", "totals_table"),
            ("OrderSummaryByCustomer", "summary_table"),
            ("OrdersByStatus", "orders_by_status_table"),
        ];
        assert_eq!(config.tables, tables.map(|(read_model, table)| (read_model, table.to_owned())).into());
    }

    #[test]
    fn without_keys_no_quote_is_accepted_and_an_audience_is_still_required() {
        let without = |missing| CommandConfig::from_variables(move |name| named(name).filter(|_| name != missing));
        let config = without("QUOTE_KEYS").unwrap();
        assert_eq!((config.quote_keys.as_str(), config.quote_audience.as_str()), ("", "quote_audience"));
        assert_eq!(without("QUOTE_AUDIENCE").unwrap_err().to_string(), "QUOTE_AUDIENCE is not set");
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let error = QueryConfig::from_variables(|name| match name {
            "SUMMARY_TABLE" => Some(String::new()),
            "CUSTOMER_TOTALS" | "TOTALS_TABLE" | "ORDERS_BY_STATUS" | "ORDERS_BY_STATUS_TABLE" | "PARKED_TABLE" => {
                named(name)
            }
            "LOG_LEVEL" => Some("INFO".to_owned()),
            _ => None,
        });
        assert_eq!(
            error.unwrap_err().to_string(),
            "EVENTS_TABLE is not set; SUMMARY_TABLE is not set; AUTH_MODE is not set; \
             CUSTOMER_CLAIM is not set; LOG_LEVEL must be error, warn, info or debug, not 'INFO'"
        );
        let error = CommandConfig::from_variables(|name| named(name).filter(|_| name != "LOG_LEVEL"));
        assert_eq!(error.unwrap_err().faults, [ConfigFault::Missing("LOG_LEVEL")]);
    }

    #[test]
    fn totals_that_are_switched_off_need_no_table() {
        let with = |totals: &'static str| {
            move |name: &str| match name {
                "CUSTOMER_TOTALS" => Some(totals.to_owned()),
                "TOTALS_TABLE" => None,
                _ => named(name),
            }
        };
        let projector = ProjectorConfig::from_variables(with("false")).unwrap();
        assert!(!projector.tables.contains_key("CustomerTotals"), "{projector:?}");
        assert_eq!(QueryConfig::from_variables(with("false")).unwrap().totals_table, None);
        for (totals, complaint) in [
            ("true", "TOTALS_TABLE is not set"),
            ("", "CUSTOMER_TOTALS is not set"),
            ("no", "CUSTOMER_TOTALS must be true or false, not 'no'"),
        ] {
            assert_eq!(ProjectorConfig::from_variables(with(totals)).unwrap_err().to_string(), complaint);
            assert_eq!(QueryConfig::from_variables(with(totals)).unwrap_err().to_string(), complaint);
        }
    }

    #[test]
    fn the_listed_variables_are_those_that_are_read() {
        assert_eq!(PublisherConfig::variables(), ["EVENT_BUS", "PARKED_TABLE", "LOG_LEVEL"]);
        assert_eq!(
            ProjectorConfig::variables(),
            [
                "EVENTS_TABLE",
                "SUMMARY_TABLE",
                "CUSTOMER_TOTALS",
                "TOTALS_TABLE",
                "ORDERS_BY_STATUS",
                "ORDERS_BY_STATUS_TABLE",
                "PARKED_TABLE",
                "LOG_LEVEL"
            ]
        );
    }
}
