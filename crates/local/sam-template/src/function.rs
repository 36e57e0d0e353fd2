//! Lambda functions.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::TemplateError;
use crate::template::Template;

pub(crate) const TYPE: &str = "AWS::Serverless::Function";

/// A function, with the properties that a local run needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name within the template.
    pub logical_id: String,
    /// Its binary, which is also its crate: `command-handler`.
    pub name: String,
    /// Its environment variables, with local names of tables and default values of parameters.
    pub environment: BTreeMap<String, String>,
    /// The maximum duration of one invocation.
    pub timeout_seconds: u32,
    /// Its memory in MB.
    pub memory_mb: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BuildProperties {
    binary: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    timeout: u32,
    memory_size: u32,
    #[serde(default)]
    environment: Environment,
}

/// The variables of a function. `Globals` has none: if a parameter set one there, a change of it would not publish a new
/// version.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    variables: BTreeMap<String, String>,
}

impl Template {
    /// Returns the function of an alias that SAM creates for `AutoPublishAlias`: `Projector` for `ProjectorAliaslive`.
    /// Returns every other id unchanged.
    pub(crate) fn function_behind<'t>(&'t self, id: &'t str) -> &'t str {
        let globals = self.entry("Globals", "Function");
        let is_its_alias = |function: &&str| {
            let own = self.resources.get(*function).and_then(|function| function.get("Properties"));
            let alias = [own, globals].into_iter().flatten().find_map(|it| it.get("AutoPublishAlias")?.as_str());
            id.strip_prefix(*function).and_then(|rest| rest.strip_prefix("Alias")).is_some_and(|it| Some(it) == alias)
        };
        self.resources_of_type(TYPE).find(is_its_alias).unwrap_or(id)
    }
}

impl Function {
    pub(crate) fn read(template: &Template, id: &str) -> Result<Self, TemplateError> {
        let build: BuildProperties = template.part(id, &["Metadata", "BuildProperties"])?;
        let properties: Properties = template.properties(id)?;
        Ok(Self {
            logical_id: id.to_owned(),
            name: build.binary,
            environment: properties.environment.variables,
            timeout_seconds: properties.timeout,
            memory_mb: properties.memory_size,
        })
    }

    /// Returns the local name of a function, by its logical id or the id of its alias, for routes and mappings that lead to
    /// it.
    pub(crate) fn name_of(template: &Template, id: &str) -> Result<String, TemplateError> {
        let build: BuildProperties = template.part(template.function_behind(id), &["Metadata", "BuildProperties"])?;
        Ok(build.binary)
    }
}
