//! The document: its resources, and the properties of one of them.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use yaml_serde::{Mapping, Value as Yaml};

use crate::error::TemplateError;
use crate::event_bus::{self, EventBus};
use crate::function::{self, Function};
use crate::grant::{self, Grant};
use crate::http_api::{self, HttpApi};
use crate::jwt_authorizer::JwtAuthorizer;
use crate::log_group::{self, LogGroup};
use crate::parts;
use crate::resolve::Resolver;
use crate::resource_policy::{self, ResourcePolicy};
use crate::route::{self, Route};
use crate::rule::{self, Rule};
use crate::schedule::{self, Schedule};
use crate::stream_mapping::{self, StreamMapping};
use crate::table::{self, Table};

/// A SAM template, read once and asked for what it declares.
#[derive(Debug, Clone)]
pub struct Template {
    document: Mapping,
    resources: Mapping,
    /// What parameters were given beside their defaults.
    pub(crate) given: BTreeMap<String, Yaml>,
}

impl Template {
    /// Reads a template; what it declares is looked at when it is asked for. Its nested stacks, if any, deploy parts of this
    /// project's template.
    ///
    /// # Errors
    /// When the text is not YAML, has no `Resources`, or has a nested stack with another part.
    pub fn parse(yaml: &str) -> Result<Self, TemplateError> {
        Self::parse_with_parts(yaml, parts::of_this_project)
    }

    /// Reads a template whose nested stacks deploy these parts, by their `TemplateURL`. The parts' resources take the places of
    /// the stacks. A resource has its own id, with the stack's id before it where another resource has that id.
    ///
    /// # Errors
    /// As [`Template::parse`]; or when a parameter of a part has no value.
    pub fn parse_with_parts<'p>(yaml: &str, part: impl Fn(&str) -> Option<&'p str>) -> Result<Self, TemplateError> {
        let document = parts::put_in_place(yaml_serde::from_str(yaml)?, part)?;
        let resources = document.get("Resources").and_then(Yaml::as_mapping).cloned().unwrap_or_default();
        Ok(Self { document, resources, given: BTreeMap::new() })
    }

    /// The template of this repository, compiled in.
    ///
    /// # Errors
    /// As [`Template::parse`].
    pub fn of_this_project() -> Result<Self, TemplateError> {
        Self::parse(include_str!("../../../../template.yaml"))
    }

    /// The text of a part of this repository's template, by its path: `templates/routes.yaml`.
    pub fn part_of_this_project(path: &str) -> Option<&'static str> {
        parts::of_this_project(path)
    }

    /// The document as it is written, with its parts in place.
    pub fn document(&self) -> &Mapping {
        &self.document
    }

    /// The DynamoDB tables, in the template's order.
    ///
    /// # Errors
    /// When a table lacks what `CreateTable` needs.
    pub fn tables(&self) -> Result<Vec<Table>, TemplateError> {
        self.resources_of_type(table::TYPE).map(|id| Table::read(self, id)).collect()
    }

    /// The Lambda functions, in the template's order.
    ///
    /// # Errors
    /// When a function has no binary, memory size or time-out.
    pub fn functions(&self) -> Result<Vec<Function>, TemplateError> {
        self.resources_of_type(function::TYPE).map(|id| Function::read(self, id)).collect()
    }

    /// The routes of the HTTP APIs that are deployed with these parameters, in the template's order.
    ///
    /// # Errors
    /// When a route has no method and path, or does not lead to a function.
    pub fn routes(&self) -> Result<Vec<Route>, TemplateError> {
        let mut routes = Vec::new();
        for id in self.resources_of_type(route::TYPE) {
            if self.is_deployed(id)? {
                routes.push(Route::read(self, id)?);
            }
        }
        Ok(routes)
    }

    /// The HTTP APIs that are deployed with these parameters, in the template's order.
    ///
    /// # Errors
    /// When an API has a CORS configuration or a condition that is not understood here.
    pub fn http_apis(&self) -> Result<Vec<HttpApi>, TemplateError> {
        let mut apis = Vec::new();
        for id in self.resources_of_type(http_api::TYPE) {
            if self.is_deployed(id)? {
                apis.push(HttpApi::read(self, id)?);
            }
        }
        Ok(apis)
    }

    /// The JWT authorizer of this logical id.
    ///
    /// # Errors
    /// When there is none, or it is no JWT authorizer that reads the header `Authorization`.
    pub fn jwt_authorizer(&self, id: &str) -> Result<JwtAuthorizer, TemplateError> {
        JwtAuthorizer::read(self, id)
    }

    /// The mappings from a table's stream to a function, in the template's order.
    ///
    /// # Errors
    /// When a mapping leaves its batch size or retries to Lambda's defaults, does not lead from a table to a function, or has a
    /// property that is not understood here.
    pub fn stream_mappings(&self) -> Result<Vec<StreamMapping>, TemplateError> {
        self.resources_of_type(stream_mapping::TYPE).map(|id| StreamMapping::read(self, id)).collect()
    }

    /// The log groups, in the template's order.
    ///
    /// # Errors
    /// When a log group has no name or keeps its entries for ever.
    pub fn log_groups(&self) -> Result<Vec<LogGroup>, TemplateError> {
        self.resources_of_type(log_group::TYPE).map(|id| LogGroup::read(self, id)).collect()
    }

    /// The event buses, in the template's order.
    #[must_use]
    pub fn event_buses(&self) -> Vec<EventBus> {
        self.resources_of_type(event_bus::TYPE).map(|id| EventBus { logical_id: id.to_owned() }).collect()
    }

    /// The rules of event buses, in the template's order.
    ///
    /// # Errors
    /// When a rule names no bus, has no pattern, or has a target without an ARN.
    pub fn rules(&self) -> Result<Vec<Rule>, TemplateError> {
        self.resources_of_type(rule::TYPE).filter(|id| !self.is_schedule(id)).map(|id| Rule::read(self, id)).collect()
    }

    /// The schedules that invoke functions, in the template's order.
    ///
    /// # Errors
    /// When a schedule has no rate, or does not lead to one function with a payload that is JSON.
    pub fn schedules(&self) -> Result<Vec<Schedule>, TemplateError> {
        self.resources_of_type(rule::TYPE)
            .filter(|id| self.is_schedule(id))
            .map(|id| Schedule::read(self, id))
            .collect()
    }

    fn is_schedule(&self, id: &str) -> bool {
        let properties = self.resources.get(id).and_then(|rule| rule.get("Properties"));
        properties.is_some_and(|properties| properties.get(schedule::EXPRESSION).is_some())
    }

    /// Whom queues, topics, buckets, log groups and roles let in, in the template's order.
    ///
    /// # Errors
    /// When something says it in a way that is not understood here: for principals other than services and anyone, by
    /// exceptions, or for log groups beside them.
    pub fn resource_policies(&self) -> Result<Vec<ResourcePolicy>, TemplateError> {
        resource_policy::only_in_log_groups(self)?;
        let policies = self.types().filter_map(|(id, kind)| Some((id, resource_policy::document_of(kind)?)));
        let policies = policies.filter(|(id, document)| self.resources[*id]["Properties"].get(document).is_some());
        policies.map(|(id, document)| ResourcePolicy::read(self, id, document)).collect()
    }

    /// What the roles allow, statement by statement, in the template's order.
    ///
    /// # Errors
    /// When something grants in a way that is not understood here: managed policies, policies beside the roles, statements with
    /// exceptions.
    pub fn grants(&self) -> Result<Vec<Grant>, TemplateError> {
        grant::only_in_roles(self)?;
        let grants: Result<Vec<_>, _> = self.resources_of_type(grant::TYPE).map(|id| Grant::read(self, id)).collect();
        Ok(grants?.into_iter().flatten().collect())
    }

    /// Any resource's properties as plain JSON, with references resolved; none where its condition leaves it out. The lists
    /// above, but for those of the HTTP APIs and their routes, name every resource that is declared, whatever its condition.
    ///
    /// # Errors
    /// When there is no such resource, or it refers to something that is not there.
    pub fn resource(&self, id: &str) -> Result<Option<Json>, TemplateError> {
        self.is_deployed(id)?.then(|| self.properties(id)).transpose()
    }

    /// Evaluates the condition of a resource; one without a condition is deployed.
    fn is_deployed(&self, id: &str) -> Result<bool, TemplateError> {
        let unknown = || TemplateError::Reference { resource: "a caller".to_owned(), reference: id.to_owned() };
        let resource = self.resources.get(id).ok_or_else(unknown)?;
        let condition = resource.get("Condition").and_then(Yaml::as_str);
        condition.map_or(Ok(true), |condition| self.condition(condition, id))
    }

    /// The properties of a resource, with references resolved, as `T` wants them.
    pub(crate) fn properties<T: DeserializeOwned>(&self, id: &str) -> Result<T, TemplateError> {
        self.part(id, &["Properties"])
    }

    /// A part of a resource, found by its path, with references resolved; an absent part is an empty mapping.
    pub(crate) fn part<T: DeserializeOwned>(&self, id: &str, path: &[&str]) -> Result<T, TemplateError> {
        let empty = Yaml::Mapping(Mapping::new());
        let mut part = self.resources.get(id);
        for key in path {
            part = part.and_then(|part| part.get(key));
        }
        let resolved = Resolver::new(self, id).resolve(part.unwrap_or(&empty))?;
        serde_json::from_value(resolved).map_err(|problem| TemplateError::Property { resource: id.to_owned(), problem })
    }

    /// What `Globals` says of every function, with references resolved.
    pub(crate) fn globals_of_functions<T: DeserializeOwned>(&self) -> Result<T, TemplateError> {
        let empty = Yaml::Mapping(Mapping::new());
        let globals = self.entry("Globals", "Function");
        let resolved = Resolver::new(self, "Globals").resolve(globals.unwrap_or(&empty))?;
        serde_json::from_value(resolved)
            .map_err(|problem| TemplateError::Property { resource: "Globals".to_owned(), problem })
    }

    /// Whether there is such a resource, be it one that SAM makes.
    pub(crate) fn has_resource(&self, id: &str) -> bool {
        self.resources.contains_key(id) || self.function_behind(id) != id
    }

    /// The function of an alias that SAM makes of `AutoPublishAlias`: `Projector` of `ProjectorAliaslive`. Every other id is its
    /// own.
    pub(crate) fn function_behind<'t>(&'t self, id: &'t str) -> &'t str {
        let globals = self.entry("Globals", "Function");
        let is_its_alias = |function: &&str| {
            let own = self.resources.get(*function).and_then(|function| function.get("Properties"));
            let alias = [own, globals].into_iter().flatten().find_map(|it| it.get("AutoPublishAlias")?.as_str());
            id.strip_prefix(*function).and_then(|rest| rest.strip_prefix("Alias")).is_some_and(|it| Some(it) == alias)
        };
        self.resources_of_type(function::TYPE).find(is_its_alias).unwrap_or(id)
    }

    /// An entry of a section of the document: `section("Conditions", "TracingIsOn")`.
    pub(crate) fn entry(&self, section: &str, name: &str) -> Option<&Yaml> {
        self.document.get(section)?.get(name)
    }

    /// The entries of a section of the document; none where it has no such section.
    pub(crate) fn entries(&self, section: &str) -> impl Iterator<Item = (&Yaml, &Yaml)> {
        self.document.get(section).and_then(Yaml::as_mapping).into_iter().flatten()
    }

    /// Every resource's logical id and type.
    pub(crate) fn types(&self) -> impl Iterator<Item = (&str, &str)> {
        self.resources.iter().filter_map(|(id, resource)| id.as_str().zip(resource.get("Type").and_then(Yaml::as_str)))
    }

    fn resources_of_type<'t>(&'t self, wanted: &'t str) -> impl Iterator<Item = &'t str> {
        self.types().filter(move |(_, kind)| *kind == wanted).map(|(id, _)| id)
    }
}
