//! Configuration, read once from the environment. `template.yaml` sets the variables; `VARIABLES` lets a test hold the
//! two together.

use std::env;

const EVENTS_TABLE: &str = "EVENTS_TABLE";
const SUMMARY_TABLE: &str = "SUMMARY_TABLE";
const AUTH_MODE: &str = "AUTH_MODE";

/// Variables that are not set, or set to nothing: every one at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("missing environment variables: {}", missing.join(", "))]
pub struct ConfigError {
    /// Their names.
    pub missing: Vec<&'static str>,
}

/// The command handler's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandConfig {
    /// `EVENTS_TABLE`: the name of the OrderEvents table.
    pub events_table: String,
    /// `AUTH_MODE`: how the gateway authenticates: `iam`, `jwt` or `none`; what else it may say is the API's matter.
    pub auth_mode: String,
}

impl CommandConfig {
    /// The variables it reads.
    pub const VARIABLES: &[&str] = &[EVENTS_TABLE, AUTH_MODE];

    /// Reads the environment.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from(environment)
    }

    /// Reads variables from wherever `variable` finds them.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut read = Reader { variable, missing: Vec::new() };
        let config = Self { events_table: read.required(EVENTS_TABLE), auth_mode: read.required(AUTH_MODE) };
        read.finish(config)
    }
}

/// The projector's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectorConfig {
    /// `EVENTS_TABLE`: the name of the OrderEvents table, from which gaps are repaired.
    pub events_table: String,
    /// `SUMMARY_TABLE`: the name of the OrderSummaryByCustomer table.
    pub summary_table: String,
}

impl ProjectorConfig {
    /// The variables it reads.
    pub const VARIABLES: &[&str] = &[EVENTS_TABLE, SUMMARY_TABLE];

    /// Reads the environment.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from(environment)
    }

    /// Reads variables from wherever `variable` finds them.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut read = Reader { variable, missing: Vec::new() };
        let config = Self { events_table: read.required(EVENTS_TABLE), summary_table: read.required(SUMMARY_TABLE) };
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
    /// `AUTH_MODE`: how the gateway authenticates: `iam`, `jwt` or `none`; what else it may say is the API's matter.
    pub auth_mode: String,
}

impl QueryConfig {
    /// The variables it reads.
    pub const VARIABLES: &[&str] = &[EVENTS_TABLE, SUMMARY_TABLE, AUTH_MODE];

    /// Reads the environment.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from(environment)
    }

    /// Reads variables from wherever `variable` finds them.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut read = Reader { variable, missing: Vec::new() };
        let config = Self {
            events_table: read.required(EVENTS_TABLE),
            summary_table: read.required(SUMMARY_TABLE),
            auth_mode: read.required(AUTH_MODE),
        };
        read.finish(config)
    }
}

fn environment(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// Reads on after a missing variable, so that all of them are named.
struct Reader<F> {
    variable: F,
    missing: Vec<&'static str>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn required(&mut self, name: &'static str) -> String {
        let value = (self.variable)(name).filter(|value| !value.is_empty());
        value.unwrap_or_else(|| {
            self.missing.push(name);
            String::new()
        })
    }

    fn finish<T>(self, config: T) -> Result<T, ConfigError> {
        if self.missing.is_empty() { Ok(config) } else { Err(ConfigError { missing: self.missing }) }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn named(name: &str) -> Option<String> {
        Some(name.to_lowercase())
    }

    #[test]
    fn each_field_is_read_from_its_own_variable() {
        let config = QueryConfig::from(named).unwrap();
        assert_eq!(config.events_table, "events_table");
        assert_eq!(config.summary_table, "summary_table");
        assert_eq!(config.auth_mode, "auth_mode");
    }

    #[test]
    fn every_missing_variable_is_named_at_once() {
        let error = QueryConfig::from(|name| (name == SUMMARY_TABLE).then(String::new)).unwrap_err();
        assert_eq!(error.to_string(), "missing environment variables: EVENTS_TABLE, SUMMARY_TABLE, AUTH_MODE");
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
        QueryConfig::from(ask).unwrap();
        assert_eq!(asked.take(), QueryConfig::VARIABLES);
    }
}
