//! The variables of a configuration, and the faults in them.

use tracing::level_filters::LevelFilter;

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
    #[error("LOG_LEVEL must be error, warn, info or debug, not '{0}'")]
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

/// A reader of variables that continues after a fault, so that every fault is reported.
///
/// The configuration of any function reads its own variables with it:
///
/// ```
/// use function_setup::{Config, Variables};
///
/// struct ReportsConfig {
///     /// `REPORTS_DATABASE`: the address of the database; `None` if `REPORTS` is `false`.
///     database: Option<String>,
/// }
///
/// impl Config for ReportsConfig {
///     fn read(variables: &mut Variables<'_>) -> Self {
///         Self { database: variables.behind(Some("REPORTS"), "REPORTS_DATABASE") }
///     }
/// }
///
/// let read = |switch: &'static str| {
///     ReportsConfig::from_variables(move |name| (name == "REPORTS").then(|| switch.to_owned()))
/// };
/// assert_eq!(read("false").unwrap().database, None);
/// assert_eq!(read("true").err().unwrap().to_string(), "REPORTS_DATABASE is not set");
/// assert_eq!(read("on").err().unwrap().to_string(), "REPORTS must be true or false, not 'on'");
/// ```
pub struct Variables<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    names: Vec<&'static str>,
    faults: Vec<ConfigFault>,
}

impl<'a> Variables<'a> {
    pub(crate) fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { variable, names: Vec::new(), faults: Vec::new() }
    }

    /// Returns the names of the variables that were read, in this order.
    pub(crate) fn names(self) -> Vec<&'static str> {
        self.names
    }

    /// Returns the configuration if no variable has a fault.
    pub(crate) fn finish<T>(self, config: T) -> Result<T, ConfigError> {
        if self.faults.is_empty() { Ok(config) } else { Err(ConfigError { faults: self.faults }) }
    }

    /// Returns the value, or an empty text.
    pub fn optional(&mut self, name: &'static str) -> String {
        self.names.push(name);
        (self.variable)(name).unwrap_or_default()
    }

    /// Returns the value. A missing or empty value is a fault.
    pub fn required(&mut self, name: &'static str) -> String {
        let value = self.optional(name);
        if value.is_empty() {
            self.faults.push(ConfigFault::Missing(name));
        }
        value
    }

    /// Returns the value of a required variable; `None` if its switch is off. The switch is a variable that must be `true`
    /// or `false`. Without a switch the variable is always required.
    pub fn behind(&mut self, switch: Option<&'static str>, name: &'static str) -> Option<String> {
        let Some(switch) = switch else { return Some(self.required(name)) };
        let value = self.required(switch);
        match value.as_str() {
            "true" => Some(self.required(name)),
            // An empty value is already reported as missing.
            "false" | "" => None,
            _ => {
                self.faults.push(ConfigFault::NotASwitch { name: switch, value });
                None
            }
        }
    }

    /// Returns the level in `LOG_LEVEL`.
    pub fn level(&mut self) -> LevelFilter {
        let word = self.required("LOG_LEVEL");
        match word.as_str() {
            "error" => LevelFilter::ERROR,
            "warn" => LevelFilter::WARN,
            "info" => LevelFilter::INFO,
            "debug" => LevelFilter::DEBUG,
            // Already reported as missing.
            "" => LevelFilter::OFF,
            _ => {
                self.faults.push(ConfigFault::UnknownLevel(word));
                LevelFilter::OFF
            }
        }
    }
}
