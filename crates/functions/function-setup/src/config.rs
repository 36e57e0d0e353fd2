//! Configuration, read once from the environment. `template.yaml` sets the variables. `VARIABLES` lets a test compare both.

use std::env;

use tracing::level_filters::LevelFilter;

const EVENTS_TABLE: &str = "EVENTS_TABLE";
const SUMMARY_TABLE: &str = "SUMMARY_TABLE";
const CUSTOMER_TOTALS: &str = "CUSTOMER_TOTALS";
const TOTALS_TABLE: &str = "TOTALS_TABLE";
const ORDERS_BY_STATUS: &str = "ORDERS_BY_STATUS";
const ORDERS_BY_STATUS_TABLE: &str = "ORDERS_BY_STATUS_TABLE";
const PARKED_TABLE: &str = "PARKED_TABLE";
const AUTH_MODE: &str = "AUTH_MODE";
const CUSTOMER_CLAIM: &str = "CUSTOMER_CLAIM";
const CUSTOMER_CLAIM_PREFIX: &str = "CUSTOMER_CLAIM_PREFIX";
const SCOPE_PREFIX: &str = "SCOPE_PREFIX";
const QUOTE_KEYS: &str = "QUOTE_KEYS";
const QUOTE_AUDIENCE: &str = "QUOTE_AUDIENCE";
const EVENT_BUS: &str = "EVENT_BUS";
const LOG_LEVEL: &str = "LOG_LEVEL";

/// The faults of all variables, reported together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct ConfigError {
    /// One fault for each variable that cannot be used.
    pub faults: Vec<ConfigFault>,
}

/// The fault of one variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigFault {
    /// The variable is not set, or empty.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// `LOG_LEVEL` is not a known level.
    #[error("LOG_LEVEL must be error, warn, info, debug or trace, not '{0}'")]
    UnknownLevel(String),
    /// A switch is neither `true` nor `false`.
    #[error("{name} must be true or false, not '{value}'")]
    NotASwitch {
        /// The name of the variable.
        name: &'static str,
        /// The value of the variable.
        value: String,
    },
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
    fn read<F: Fn(&str) -> Option<String>>(read: &mut Reader<F>) -> Self {
        Self {
            auth_mode: read.required(AUTH_MODE),
            customer_claim: read.required(CUSTOMER_CLAIM),
            customer_claim_prefix: read.optional(CUSTOMER_CLAIM_PREFIX),
            scope_prefix: read.optional(SCOPE_PREFIX),
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
    /// `LOG_LEVEL`: the least severe log entry to write: `error`, `warn`, `info`, `debug` or `trace`.
    pub log_level: LevelFilter,
}

impl CommandConfig {
    /// The variables that this configuration reads.
    pub const VARIABLES: &[&str] = &[
        EVENTS_TABLE,
        AUTH_MODE,
        CUSTOMER_CLAIM,
        CUSTOMER_CLAIM_PREFIX,
        SCOPE_PREFIX,
        QUOTE_KEYS,
        QUOTE_AUDIENCE,
        LOG_LEVEL,
    ];

    /// Reads the environment.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from(environment)
    }

    /// Reads the variables through the function `variable`.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut read = Reader { variable, faults: Vec::new() };
        let config = Self {
            events_table: read.required(EVENTS_TABLE),
            callers: CallerConfig::read(&mut read),
            quote_keys: read.optional(QUOTE_KEYS),
            quote_audience: read.required(QUOTE_AUDIENCE),
            log_level: read.level(),
        };
        read.finish(config)
    }
}

/// The projector's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectorConfig {
    /// `EVENTS_TABLE`: the name of the OrderEvents table, which the projector reads to fill gaps.
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
    /// `LOG_LEVEL`: the least severe log entry to write: `error`, `warn`, `info`, `debug` or `trace`.
    pub log_level: LevelFilter,
}

impl ProjectorConfig {
    /// Returns the table of a read model, by the read model's name; `None` if the deployment does not keep it.
    #[must_use]
    pub fn table_of(&self, read_model: &str) -> Option<&str> {
        match read_model {
            "OrderSummaryByCustomer" => Some(&self.summary_table),
            "CustomerTotals" => self.totals_table.as_deref(),
            "OrdersByStatus" => self.open_orders_table.as_deref(),
            _ => None,
        }
    }

    /// The variables that this configuration reads.
    pub const VARIABLES: &[&str] = &[
        EVENTS_TABLE,
        SUMMARY_TABLE,
        CUSTOMER_TOTALS,
        TOTALS_TABLE,
        ORDERS_BY_STATUS,
        ORDERS_BY_STATUS_TABLE,
        PARKED_TABLE,
        LOG_LEVEL,
    ];

    /// Reads the environment.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from(environment)
    }

    /// Reads the variables through the function `variable`.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut read = Reader { variable, faults: Vec::new() };
        let config = Self {
            events_table: read.required(EVENTS_TABLE),
            summary_table: read.required(SUMMARY_TABLE),
            totals_table: read.optional_table(CUSTOMER_TOTALS, TOTALS_TABLE),
            open_orders_table: read.optional_table(ORDERS_BY_STATUS, ORDERS_BY_STATUS_TABLE),
            parked_table: read.required(PARKED_TABLE),
            log_level: read.level(),
        };
        read.finish(config)
    }
}

/// The publisher's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherConfig {
    /// `EVENT_BUS`: the name or ARN of the event bus.
    pub event_bus: String,
    /// `PARKED_TABLE`: the name of the ParkedOrders table.
    pub parked_table: String,
    /// `LOG_LEVEL`: the least severe log entry to write: `error`, `warn`, `info`, `debug` or `trace`.
    pub log_level: LevelFilter,
}

impl PublisherConfig {
    /// The variables that this configuration reads.
    pub const VARIABLES: &[&str] = &[EVENT_BUS, PARKED_TABLE, LOG_LEVEL];

    /// Reads the environment.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from(environment)
    }

    /// Reads the variables through the function `variable`.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut read = Reader { variable, faults: Vec::new() };
        let config = Self {
            event_bus: read.required(EVENT_BUS),
            parked_table: read.required(PARKED_TABLE),
            log_level: read.level(),
        };
        read.finish(config)
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
    /// `LOG_LEVEL`: the least severe log entry to write: `error`, `warn`, `info`, `debug` or `trace`.
    pub log_level: LevelFilter,
}

impl QueryConfig {
    /// The variables that this configuration reads.
    pub const VARIABLES: &[&str] = &[
        EVENTS_TABLE,
        SUMMARY_TABLE,
        CUSTOMER_TOTALS,
        TOTALS_TABLE,
        ORDERS_BY_STATUS,
        ORDERS_BY_STATUS_TABLE,
        PARKED_TABLE,
        AUTH_MODE,
        CUSTOMER_CLAIM,
        CUSTOMER_CLAIM_PREFIX,
        SCOPE_PREFIX,
        LOG_LEVEL,
    ];

    /// Reads the environment.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from(environment)
    }

    /// Reads the variables through the function `variable`.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut read = Reader { variable, faults: Vec::new() };
        let config = Self {
            events_table: read.required(EVENTS_TABLE),
            summary_table: read.required(SUMMARY_TABLE),
            totals_table: read.optional_table(CUSTOMER_TOTALS, TOTALS_TABLE),
            open_orders_table: read.optional_table(ORDERS_BY_STATUS, ORDERS_BY_STATUS_TABLE),
            parked_table: read.required(PARKED_TABLE),
            callers: CallerConfig::read(&mut read),
            log_level: read.level(),
        };
        read.finish(config)
    }
}

fn environment(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// A reader that continues after a fault, so that every fault is reported.
struct Reader<F> {
    variable: F,
    faults: Vec<ConfigFault>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn required(&mut self, name: &'static str) -> String {
        let value = (self.variable)(name).filter(|value| !value.is_empty());
        value.unwrap_or_else(|| {
            self.faults.push(ConfigFault::Missing(name));
            String::new()
        })
    }

    /// Returns the value, or an empty text.
    fn optional(&self, name: &'static str) -> String {
        (self.variable)(name).unwrap_or_default()
    }

    /// Returns the name of a table; `None` if its switch says that the deployment does not keep it.
    fn optional_table(&mut self, switch: &'static str, table: &'static str) -> Option<String> {
        let value = self.required(switch);
        match value.as_str() {
            "true" => Some(self.required(table)),
            // An empty value is already reported as missing.
            "false" | "" => None,
            _ => {
                self.faults.push(ConfigFault::NotASwitch { name: switch, value });
                None
            }
        }
    }

    fn level(&mut self) -> LevelFilter {
        let word = self.required(LOG_LEVEL);
        match word.as_str() {
            "error" => LevelFilter::ERROR,
            "warn" => LevelFilter::WARN,
            "info" => LevelFilter::INFO,
            "debug" => LevelFilter::DEBUG,
            "trace" => LevelFilter::TRACE,
            // Already reported as missing.
            "" => LevelFilter::OFF,
            _ => {
                self.faults.push(ConfigFault::UnknownLevel(word));
                LevelFilter::OFF
            }
        }
    }

    fn finish<T>(self, config: T) -> Result<T, ConfigError> {
        if self.faults.is_empty() { Ok(config) } else { Err(ConfigError { faults: self.faults }) }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn named(name: &str) -> Option<String> {
        Some(match name {
            LOG_LEVEL => "debug".to_owned(),
            CUSTOMER_TOTALS | ORDERS_BY_STATUS => "true".to_owned(),
            _ => name.to_lowercase(),
        })
    }

    #[test]
    fn each_field_is_read_from_its_own_variable() {
        let config = QueryConfig::from(named).unwrap();
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
    }

    #[test]
    fn without_keys_no_quote_is_accepted_and_an_audience_is_needed_anyhow() {
        let config = CommandConfig::from(|name| named(name).filter(|_| name != QUOTE_KEYS)).unwrap();
        assert_eq!((config.quote_keys.as_str(), config.quote_audience.as_str()), ("", "quote_audience"));
        let error = CommandConfig::from(|name| named(name).filter(|_| name != QUOTE_AUDIENCE));
        assert_eq!(error.unwrap_err().to_string(), "QUOTE_AUDIENCE is not set");
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let error = QueryConfig::from(|name| match name {
            SUMMARY_TABLE => Some(String::new()),
            CUSTOMER_TOTALS | TOTALS_TABLE | ORDERS_BY_STATUS | ORDERS_BY_STATUS_TABLE | PARKED_TABLE => named(name),
            LOG_LEVEL => Some("INFO".to_owned()),
            _ => None,
        });
        assert_eq!(
            error.unwrap_err().to_string(),
            "EVENTS_TABLE is not set; SUMMARY_TABLE is not set; AUTH_MODE is not set; \
             CUSTOMER_CLAIM is not set; LOG_LEVEL must be error, warn, info, debug or trace, not 'INFO'"
        );
        let error = CommandConfig::from(|name| named(name).filter(|_| name != LOG_LEVEL));
        assert_eq!(error.unwrap_err().faults, [ConfigFault::Missing(LOG_LEVEL)]);
    }

    #[test]
    fn totals_that_are_not_kept_need_no_table() {
        let with = |totals: &'static str| {
            move |name: &str| match name {
                CUSTOMER_TOTALS => Some(totals.to_owned()),
                TOTALS_TABLE => None,
                _ => named(name),
            }
        };
        assert_eq!(ProjectorConfig::from(with("false")).unwrap().totals_table, None);
        assert_eq!(QueryConfig::from(with("false")).unwrap().totals_table, None);
        for (totals, complaint) in [
            ("true", "TOTALS_TABLE is not set"),
            ("", "CUSTOMER_TOTALS is not set"),
            ("no", "CUSTOMER_TOTALS must be true or false, not 'no'"),
        ] {
            assert_eq!(ProjectorConfig::from(with(totals)).unwrap_err().to_string(), complaint);
            assert_eq!(QueryConfig::from(with(totals)).unwrap_err().to_string(), complaint);
        }
    }

    #[test]
    fn the_variables_listed_are_the_variables_read() {
        let asked = RefCell::new(Vec::new());
        let ask = |name: &str| {
            asked.borrow_mut().push(name.to_owned());
            named(name)
        };
        CommandConfig::from(ask).unwrap();
        assert_eq!(asked.take(), CommandConfig::VARIABLES);
        ProjectorConfig::from(ask).unwrap();
        assert_eq!(asked.take(), ProjectorConfig::VARIABLES);
        PublisherConfig::from(ask).unwrap();
        assert_eq!(asked.take(), PublisherConfig::VARIABLES);
        QueryConfig::from(ask).unwrap();
        assert_eq!(asked.take(), QueryConfig::VARIABLES);
    }
}
