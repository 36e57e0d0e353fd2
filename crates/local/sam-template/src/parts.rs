//! Parts of a template: files that are deployed as nested stacks. This module replaces each stack by the part's resources,
//! so that the local stack and the tests read one document.

use std::collections::BTreeMap;

use yaml_serde::value::TaggedValue;
use yaml_serde::{Mapping, Value as Yaml};

use crate::error::TemplateError;

const TYPE: &str = "AWS::CloudFormation::Stack";

/// The parts of this project's template, by the `TemplateURL` of their stacks.
const OF_THIS_PROJECT: [(&str, &str); 8] = [
    ("templates/alarms.yaml", include_str!("../../../../templates/alarms.yaml")),
    ("templates/dashboard.yaml", include_str!("../../../../templates/dashboard.yaml")),
    ("templates/fan-out.yaml", include_str!("../../../../templates/fan-out.yaml")),
    ("templates/ordered-queue.yaml", include_str!("../../../../templates/ordered-queue.yaml")),
    ("templates/published-events-log.yaml", include_str!("../../../../templates/published-events-log.yaml")),
    ("templates/routes.yaml", include_str!("../../../../templates/routes.yaml")),
    ("templates/saved-queries.yaml", include_str!("../../../../templates/saved-queries.yaml")),
    ("templates/schemas.yaml", include_str!("../../../../templates/schemas.yaml")),
];

pub(crate) fn of_this_project(location: &str) -> Option<&'static str> {
    OF_THIS_PROJECT.iter().find(|(path, _)| *path == location).map(|(_, text)| *text)
}

/// Replaces each nested stack by the resources and conditions of its part.
pub(crate) fn put_in_place<'p>(
    mut document: Mapping,
    part: impl Fn(&str) -> Option<&'p str>,
) -> Result<Mapping, TemplateError> {
    let declared = section(&document, "Resources")?;
    let mut resources = Mapping::new();
    let mut conditions = document.get("Conditions").and_then(Yaml::as_mapping).cloned().unwrap_or_default();
    for (id, resource) in &declared {
        if resource.get("Type").and_then(Yaml::as_str) != Some(TYPE) {
            resources.insert(id.clone(), resource.clone());
            continue;
        }
        let is_taken = |id: &str| declared.contains_key(id) || resources.contains_key(id);
        let stack = NestedStack::read(id.as_str().unwrap_or_default(), resource, &part, is_taken)?;
        conditions.extend(stack.conditions()?);
        resources.extend(stack.resources()?);
    }
    document.insert("Resources".into(), Yaml::Mapping(resources));
    document.insert("Conditions".into(), Yaml::Mapping(conditions));
    Ok(document)
}

fn section(document: &Mapping, name: &'static str) -> Result<Mapping, TemplateError> {
    let section = document.get(name).and_then(Yaml::as_mapping).cloned();
    section.ok_or(TemplateError::Section { section: name })
}

/// A part, with the parameters of one nested stack that deploys it.
struct NestedStack<'t> {
    id: &'t str,
    resource: &'t Yaml,
    part: Mapping,
    /// The value of each parameter of the part.
    parameters: BTreeMap<String, Yaml>,
    /// The ids of the part's resources in the whole document. A resource keeps its id, or gets the stack's id as a prefix
    /// if another resource has the same id.
    ids: BTreeMap<String, String>,
}

impl<'t> NestedStack<'t> {
    fn read<'p>(
        id: &'t str,
        resource: &'t Yaml,
        part: impl Fn(&str) -> Option<&'p str>,
        is_taken: impl Fn(&str) -> bool,
    ) -> Result<Self, TemplateError> {
        let properties = resource.get("Properties");
        let property = |name: &str| properties.and_then(|properties| properties.get(name));
        let location = property("TemplateURL").and_then(Yaml::as_str).unwrap_or_default();
        let text = part(location).ok_or_else(|| TemplateError::Value {
            resource: id.to_owned(),
            property: "TemplateURL",
            value: location.to_owned(),
            expected: "a part of the template",
        })?;
        let part: Mapping = yaml_serde::from_str(text)?;
        let mut parameters = BTreeMap::new();
        for (name, declared) in part.get("Parameters").and_then(Yaml::as_mapping).into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            let given = property("Parameters").and_then(|given| given.get(name)).or_else(|| declared.get("Default"));
            let missing =
                || TemplateError::Reference { resource: id.to_owned(), reference: format!("Parameters.{name}") };
            parameters.insert(name.to_owned(), given.cloned().ok_or_else(missing)?);
        }
        let own = section(&part, "Resources")?;
        let ids = own.keys().filter_map(Yaml::as_str).map(|own| {
            let whole = if is_taken(own) { format!("{id}{own}") } else { own.to_owned() };
            (own.to_owned(), whole)
        });
        let ids = ids.collect();
        Ok(Self { id, resource, part, parameters, ids })
    }

    fn resources(&self) -> Result<Mapping, TemplateError> {
        let mut resources = Mapping::new();
        for (id, resource) in section(&self.part, "Resources")? {
            let id = self.id_of(id.as_str().unwrap_or_default());
            resources.insert(id.clone().into(), self.resource_in_place(&id, &resource)?);
        }
        Ok(resources)
    }

    /// Returns the part's conditions, under names that no other part has.
    fn conditions(&self) -> Result<Mapping, TemplateError> {
        let conditions = self.part.get("Conditions").and_then(Yaml::as_mapping).into_iter().flatten();
        conditions
            .map(|(name, condition)| {
                Ok((self.condition(name.as_str().unwrap_or_default()).into(), self.in_place(condition)?))
            })
            .collect()
    }

    /// Returns the resource. It depends on the dependencies of its stack, and is deployed if its stack is.
    fn resource_in_place(&self, id: &str, resource: &Yaml) -> Result<Yaml, TemplateError> {
        let mut resource = self.in_place(resource)?;
        let Some(entries) = resource.as_mapping_mut() else { return Ok(resource) };
        let of_stack = |key: &str| self.resource.get(key);
        let own: Vec<Yaml> = texts(entries.get("DependsOn")).map(|own| self.id_of(own).into()).collect();
        let waits_for: Vec<Yaml> = own.into_iter().chain(texts(of_stack("DependsOn")).map(Yaml::from)).collect();
        if !waits_for.is_empty() {
            entries.insert("DependsOn".into(), Yaml::Sequence(waits_for));
        }
        let own = entries.get("Condition").and_then(Yaml::as_str).map(|own| self.condition(own));
        let condition = match (own, of_stack("Condition").and_then(Yaml::as_str)) {
            (Some(own), Some(_)) => {
                return Err(TemplateError::Value {
                    resource: id.to_owned(),
                    property: "Condition",
                    value: own,
                    expected: "one condition: its stack has one already",
                });
            }
            (own, of_stack) => own.or_else(|| of_stack.map(str::to_owned)),
        };
        if let Some(condition) = condition {
            entries.insert("Condition".into(), condition.into());
        }
        Ok(resource)
    }

    /// Returns a value of the part in the form that it has in the whole document.
    fn in_place(&self, value: &Yaml) -> Result<Yaml, TemplateError> {
        match value {
            Yaml::Tagged(tagged) => self.function_in_place(tagged),
            Yaml::Sequence(items) => items.iter().map(|item| self.in_place(item)).collect(),
            Yaml::Mapping(entries) => {
                let entries = entries.iter().map(|(key, value)| Ok((key.clone(), self.in_place(value)?)));
                entries.collect::<Result<_, TemplateError>>().map(Yaml::Mapping)
            }
            Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::String(_) => Ok(value.clone()),
        }
    }

    fn function_in_place(&self, function: &TaggedValue) -> Result<Yaml, TemplateError> {
        let name = function.tag.to_string();
        let arguments = function.value.as_sequence().map_or(&[][..], Vec::as_slice);
        let argument = match (name.trim_start_matches('!'), &function.value, arguments) {
            ("Ref", Yaml::String(name), _) => match self.parameters.get(name) {
                Some(value) => return Ok(value.clone()),
                None => self.id_of(name).into(),
            },
            ("GetAtt", Yaml::String(attribute), _) => self.attribute(attribute).into(),
            ("Sub", Yaml::String(format), _) => self.format_in_place(format),
            ("Condition", Yaml::String(name), _) => self.condition(name).into(),
            ("If", _, [Yaml::String(condition), met, unmet]) => {
                Yaml::Sequence(vec![self.condition(condition).into(), self.in_place(met)?, self.in_place(unmet)?])
            }
            (_, argument, _) => self.in_place(argument)?,
        };
        Ok(tagged(&name, argument))
    }

    /// Returns the argument of `!Sub`: a text, or a text and the values that cannot be written in a text.
    fn format_in_place(&self, format: &str) -> Yaml {
        let (mut text, mut values) = (String::new(), Mapping::new());
        let mut rest = format;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, remainder)) = after.split_once('}') else { break };
            text.push_str(before);
            match self.parameters.get(name) {
                Some(value) => text.push_str(&in_a_format(value).unwrap_or_else(|| {
                    values.insert(name.into(), value.clone());
                    format!("${{{name}}}")
                })),
                None => text.push_str(&format!("${{{}}}", self.attribute(name))),
            }
            rest = remainder;
        }
        text.push_str(rest);
        if values.is_empty() { text.into() } else { Yaml::Sequence(vec![text.into(), Yaml::Mapping(values)]) }
    }

    fn attribute(&self, attribute: &str) -> String {
        match attribute.split_once('.') {
            Some((id, attribute)) => format!("{}.{attribute}", self.id_of(id)),
            None => self.id_of(attribute),
        }
    }

    fn id_of(&self, own: &str) -> String {
        self.ids.get(own).cloned().unwrap_or_else(|| own.to_owned())
    }

    fn condition(&self, own: &str) -> String {
        format!("{}{own}", self.id)
    }
}

fn tagged(tag: &str, value: Yaml) -> Yaml {
    Yaml::Tagged(Box::new(TaggedValue { tag: yaml_serde::value::Tag::new(tag), value }))
}

/// Returns a text, or the texts of a list.
fn texts(value: Option<&Yaml>) -> impl Iterator<Item = &str> {
    let listed = value.and_then(Yaml::as_sequence).into_iter().flatten();
    value.into_iter().chain(listed).filter_map(Yaml::as_str)
}

/// Returns the form of a value within the text of a `!Sub`; `None` for a function that cannot be written in a text.
fn in_a_format(value: &Yaml) -> Option<String> {
    match value {
        Yaml::String(text) => Some(text.clone()),
        Yaml::Tagged(function) if function.tag == "Ref" || function.tag == "GetAtt" => {
            Some(format!("${{{}}}", function.value.as_str()?))
        }
        Yaml::Tagged(function) if function.tag == "Sub" => function.value.as_str().map(str::to_owned),
        Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::Sequence(_) | Yaml::Mapping(_) | Yaml::Tagged(_) => None,
    }
}
