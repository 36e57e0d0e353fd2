//! The default values of parameters, and other values for them.

use yaml_serde::Value as Yaml;

use crate::error::TemplateError;
use crate::template::Template;

impl Template {
    /// Returns the template with these parameters; the others have their defaults.
    ///
    /// # Errors
    /// When there is no such parameter, or it does not accept the value.
    pub fn with_parameters(mut self, values: &[(&str, &str)]) -> Result<Self, TemplateError> {
        for (name, value) in values {
            let parameter = self.entry("Parameters", name).ok_or_else(|| TemplateError::Reference {
                resource: "a caller".to_owned(),
                reference: (*name).to_owned(),
            })?;
            let refused = |expected| TemplateError::Value {
                resource: "Parameters".to_owned(),
                property: "Value",
                value: format!("{name}={value}"),
                expected,
            };
            let value = match parameter.get("Type").and_then(Yaml::as_str) {
                Some("Number") => Yaml::Number(value.parse().map_err(|_| refused("a number"))?),
                Some(_) | None => Yaml::String((*value).to_owned()),
            };
            let allowed = parameter.get("AllowedValues").and_then(Yaml::as_sequence);
            if allowed.is_some_and(|allowed| !allowed.contains(&value)) {
                return Err(refused("one of AllowedValues"));
            }
            self.given.insert((*name).to_owned(), value);
        }
        Ok(self)
    }

    /// Returns the template with every optional read model switched on: each parameter `Keep<Name>` is `true`.
    ///
    /// # Errors
    /// When a parameter of such a name does not accept `true`.
    pub fn with_every_read_model(self) -> Result<Self, TemplateError> {
        let names = self.entries("Parameters").filter_map(|(name, _)| name.as_str());
        let switches: Vec<String> = names.filter(|name| name.starts_with("Keep")).map(str::to_owned).collect();
        let switches: Vec<(&str, &str)> = switches.iter().map(|name| (name.as_str(), "true")).collect();
        self.with_parameters(&switches)
    }

    /// Returns the value of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&Yaml> {
        self.given.get(name).or_else(|| self.entry("Parameters", name)?.get("Default"))
    }
}
