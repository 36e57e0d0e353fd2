//! The document: its resources, and the properties of one of them.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use yaml_serde::{Mapping, Value as Yaml};

use crate::error::TemplateError;
use crate::parts;
use crate::resolve::Resolver;

/// A SAM template, read once, with methods that return its declarations.
#[derive(Debug, Clone)]
pub struct Template {
    document: Mapping,
    pub(crate) resources: Mapping,
    /// The values of parameters that are not at their defaults.
    pub(crate) given: BTreeMap<String, Yaml>,
}

impl Template {
    /// Reads a template. Its declarations are checked when they are requested. Its nested stacks, if any, deploy parts of
    /// this project's template.
    ///
    /// # Errors
    /// When the text is not YAML, has no `Resources`, or has a nested stack with another part.
    pub fn parse(yaml: &str) -> Result<Self, TemplateError> {
        Self::parse_with_parts(yaml, parts::of_this_project)
    }

    /// Reads a template whose nested stacks deploy these parts, by their `TemplateURL`. The parts' resources replace the
    /// stacks. A resource keeps its id, or gets the stack's id as a prefix if another resource has the same id.
    ///
    /// # Errors
    /// When [`Template::parse`] fails, or when a parameter of a part has no value.
    pub fn parse_with_parts<'p>(yaml: &str, part: impl Fn(&str) -> Option<&'p str>) -> Result<Self, TemplateError> {
        let document = parts::put_in_place(yaml_serde::from_str(yaml)?, part)?;
        let resources = document.get("Resources").and_then(Yaml::as_mapping).cloned().unwrap_or_default();
        Ok(Self { document, resources, given: BTreeMap::new() })
    }

    /// Returns the template of this repository, which is compiled in.
    ///
    /// # Errors
    /// When [`Template::parse`] fails.
    pub fn of_this_project() -> Result<Self, TemplateError> {
        Self::parse(include_str!("../../../../template.yaml"))
    }

    /// Returns the text of a part of this repository's template, by its path: `templates/routes.yaml`.
    pub fn part_of_this_project(path: &str) -> Option<&'static str> {
        parts::of_this_project(path)
    }

    /// Returns the document, with its parts inserted and references unresolved.
    pub fn document(&self) -> &Mapping {
        &self.document
    }

    /// Returns a resource's properties as plain JSON, with references resolved; `None` if its condition excludes it. The
    /// lists of resources contain every declared resource, whatever its condition, except the lists of the HTTP APIs and
    /// their routes.
    ///
    /// # Errors
    /// When there is no such resource, or it refers to a name that does not exist.
    pub fn resource(&self, id: &str) -> Result<Option<Json>, TemplateError> {
        self.is_deployed(id)?.then(|| self.properties(id)).transpose()
    }

    /// Evaluates the condition of a resource; one without a condition is deployed.
    pub(crate) fn is_deployed(&self, id: &str) -> Result<bool, TemplateError> {
        let unknown = || TemplateError::Reference { resource: "a caller".to_owned(), reference: id.to_owned() };
        let resource = self.resources.get(id).ok_or_else(unknown)?;
        let condition = resource.get("Condition").and_then(Yaml::as_str);
        condition.map_or(Ok(true), |condition| self.condition(condition, id))
    }

    /// Returns the properties of a resource, with references resolved, as a `T`.
    pub(crate) fn properties<T: DeserializeOwned>(&self, id: &str) -> Result<T, TemplateError> {
        self.part(id, &["Properties"])
    }

    /// Returns a part of a resource, by its path, with references resolved; a missing part is an empty mapping.
    pub(crate) fn part<T: DeserializeOwned>(&self, id: &str, path: &[&str]) -> Result<T, TemplateError> {
        let empty = Yaml::Mapping(Mapping::new());
        let mut part = self.resources.get(id);
        for key in path {
            part = part.and_then(|part| part.get(key));
        }
        let resolved = Resolver::new(self, id).resolve(part.unwrap_or(&empty))?;
        serde_json::from_value(resolved).map_err(|problem| TemplateError::Property { resource: id.to_owned(), problem })
    }

    /// Returns true if the resource exists, including the resources that SAM creates.
    pub(crate) fn has_resource(&self, id: &str) -> bool {
        self.resources.contains_key(id) || self.function_behind(id) != id
    }

    /// Returns an entry of a section of the document: `section("Conditions", "TracingIsOn")`.
    pub(crate) fn entry(&self, section: &str, name: &str) -> Option<&Yaml> {
        self.document.get(section)?.get(name)
    }

    /// Returns the entries of a section of the document; empty if the section does not exist.
    pub(crate) fn entries(&self, section: &str) -> impl Iterator<Item = (&Yaml, &Yaml)> {
        self.document.get(section).and_then(Yaml::as_mapping).into_iter().flatten()
    }

    /// Returns every resource's logical id and type.
    pub(crate) fn types(&self) -> impl Iterator<Item = (&str, &str)> {
        self.resources.iter().filter_map(|(id, resource)| id.as_str().zip(resource.get("Type").and_then(Yaml::as_str)))
    }

    /// Returns the logical ids of the resources of a type, in the template's order.
    pub fn resources_of_type<'t>(&'t self, wanted: &'t str) -> impl Iterator<Item = &'t str> {
        self.types().filter(move |(_, kind)| *kind == wanted).map(|(id, _)| id)
    }
}
