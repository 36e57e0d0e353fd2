//! The document: its resources, and the properties of one of them.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use yaml_serde::{Mapping, Value as Yaml};

use crate::error::TemplateError;
use crate::parts;
use crate::resolve::Resolver;

/// A SAM template, read once and asked for what it declares.
#[derive(Debug, Clone)]
pub struct Template {
    document: Mapping,
    pub(crate) resources: Mapping,
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

    /// Any resource's properties as plain JSON, with references resolved; none where its condition leaves it out. The lists
    /// of resources, but for those of the HTTP APIs and their routes, name every declared resource, whatever its condition.
    ///
    /// # Errors
    /// When there is no such resource, or it refers to something that is not there.
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

    /// Whether there is such a resource, be it one that SAM makes.
    pub(crate) fn has_resource(&self, id: &str) -> bool {
        self.resources.contains_key(id) || self.function_behind(id) != id
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

    pub(crate) fn resources_of_type<'t>(&'t self, wanted: &'t str) -> impl Iterator<Item = &'t str> {
        self.types().filter(move |(_, kind)| *kind == wanted).map(|(id, _)| id)
    }
}
