//! The local values of CloudFormation's intrinsic functions.
//!
//! `!Ref` of a parameter is its value, `!Ref` of a resource is its logical id, and `!GetAtt X.Arn` is the text `X.Arn`.
//! `!Sub` inserts these into a text, and `!If` picks a branch by the parameters' values. Other functions keep their long
//! form (`{"Fn::Base64": ..}`), so a property that no caller reads cannot fail.

use serde_json::{Map, Value as Json};
use yaml_serde::{Mapping, Value as Yaml};

use crate::error::TemplateError;
use crate::template::Template;

/// A resolver of the references in a part of one resource.
pub(crate) struct Resolver<'t> {
    pub(crate) template: &'t Template,
    /// The logical id of the current resource, for messages.
    pub(crate) resource: &'t str,
}

impl<'t> Resolver<'t> {
    pub(crate) fn new(template: &'t Template, resource: &'t str) -> Self {
        Self { template, resource }
    }

    /// Returns the value as plain JSON, with its references replaced; null if it is `AWS::NoValue`.
    pub(crate) fn resolve(&self, value: &Yaml) -> Result<Json, TemplateError> {
        Ok(self.value(value)?.unwrap_or_default())
    }

    /// Returns the value as text; strings have no quotes.
    pub(crate) fn text(&self, value: &Yaml) -> Result<String, TemplateError> {
        self.resolve(value).map(text_of)
    }

    /// Resolves a value. `None` means `AWS::NoValue`, which removes its key or its entry in a list.
    fn value(&self, value: &Yaml) -> Result<Option<Json>, TemplateError> {
        if let Some((function, argument)) = intrinsic(value) {
            return self.function(&function, argument);
        }
        match value {
            Yaml::Null => Ok(Some(Json::Null)),
            Yaml::Bool(flag) => Ok(Some(Json::Bool(*flag))),
            Yaml::Number(_) => self.plain(value).map(Some),
            Yaml::String(text) => Ok(Some(Json::String(text.clone()))),
            Yaml::Sequence(items) => {
                let items = items.iter().filter_map(|item| self.value(item).transpose());
                Ok(Some(Json::Array(items.collect::<Result<_, _>>()?)))
            }
            Yaml::Mapping(entries) => self.mapping(entries).map(|entries| Some(Json::Object(entries))),
            Yaml::Tagged(tagged) => self.value(&tagged.value),
        }
    }

    fn mapping(&self, entries: &Mapping) -> Result<Map<String, Json>, TemplateError> {
        let mut object = Map::new();
        for (key, value) in entries {
            if let Some(value) = self.value(value)? {
                object.insert(self.plain(key).map(text_of)?, value);
            }
        }
        Ok(object)
    }

    fn function(&self, name: &str, argument: &Yaml) -> Result<Option<Json>, TemplateError> {
        let arguments = argument.as_sequence().map_or(&[][..], Vec::as_slice);
        match (name, argument, arguments) {
            ("Ref", Yaml::String(name), _) if name == "AWS::NoValue" => Ok(None),
            ("Ref", Yaml::String(name), _) => self.reference(name).map(Some),
            ("GetAtt", Yaml::String(attribute), _) => self.attribute(attribute).map(text),
            ("Sub", Yaml::String(format), _) => self.substitute(format, &Map::new()).map(text),
            ("Sub", _, [Yaml::String(format), Yaml::Mapping(names)]) => {
                self.substitute(format, &self.mapping(names)?).map(text)
            }
            ("If", _, [Yaml::String(condition), met, unmet]) => {
                let met_now = self.template.condition(condition, self.resource)?;
                self.value(if met_now { met } else { unmet })
            }
            ("FindInMap", _, [map, first, second]) => {
                let [map, first, second] = [self.text(map)?, self.text(first)?, self.text(second)?];
                let found = self.template.entry("Mappings", &map).and_then(|map| map.get(&first)?.get(&second));
                self.value(found.ok_or_else(|| self.unknown(&format!("{map}.{first}.{second}")))?)
            }
            ("Split", _, [Yaml::String(separator), list]) => {
                let list = self.text(list)?;
                Ok(Some(list.split(separator).collect()))
            }
            (other, argument, _) => {
                let argument = self.resolve(argument)?;
                Ok(Some(Json::Object(Map::from_iter([(format!("Fn::{other}"), argument)]))))
            }
        }
    }

    fn reference(&self, name: &str) -> Result<Json, TemplateError> {
        if let Some(value) = self.template.parameter(name) {
            return self.plain(value);
        }
        match name.strip_prefix("AWS::") {
            Some(pseudo_parameter) => Ok(Json::String(pseudo_parameter.to_owned())),
            None if self.template.has_resource(name) => Ok(Json::String(name.to_owned())),
            None => Err(self.unknown(name)),
        }
    }

    fn attribute(&self, attribute: &str) -> Result<String, TemplateError> {
        match attribute.split_once('.') {
            Some((logical_id, _)) if self.template.has_resource(logical_id) => Ok(attribute.to_owned()),
            Some(_) | None => Err(self.unknown(attribute)),
        }
    }

    fn substitute(&self, text: &str, names: &Map<String, Json>) -> Result<String, TemplateError> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, remainder)) = after.split_once('}') else { break };
            result.push_str(before);
            match names.get(name) {
                Some(value) => result.push_str(&text_of(value.clone())),
                None if name.contains('.') => result.push_str(&self.attribute(name)?),
                None => result.push_str(&text_of(self.reference(name)?)),
            }
            rest = remainder;
        }
        result.push_str(rest);
        Ok(result)
    }

    fn plain(&self, value: &Yaml) -> Result<Json, TemplateError> {
        serde_json::to_value(value)
            .map_err(|problem| TemplateError::Property { resource: self.resource.to_owned(), problem })
    }

    fn unknown(&self, reference: &str) -> TemplateError {
        TemplateError::Reference { resource: self.resource.to_owned(), reference: reference.to_owned() }
    }
}

/// Returns a function's name and argument, from its short form (`!Sub x`) or its long form (`Fn::Sub: x`).
pub(crate) fn intrinsic(value: &Yaml) -> Option<(String, &Yaml)> {
    match value {
        Yaml::Tagged(tagged) => Some((tagged.tag.to_string().trim_start_matches('!').to_owned(), &tagged.value)),
        Yaml::Mapping(entries) if entries.len() == 1 => {
            let (name, argument) = entries.iter().next()?;
            match name.as_str()? {
                "Ref" => Some(("Ref".to_owned(), argument)),
                name => Some((name.strip_prefix("Fn::")?.to_owned(), argument)),
            }
        }
        Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::String(_) | Yaml::Sequence(_) | Yaml::Mapping(_) => None,
    }
}

fn text(value: String) -> Option<Json> {
    Some(Json::String(value))
}

fn text_of(value: Json) -> String {
    if let Json::String(text) = value { text } else { value.to_string() }
}

/// Returns the logical id in a resolved reference: `OrderEvents` for `OrderEvents.StreamArn`.
pub(crate) fn logical_id(reference: &str) -> &str {
    reference.split_once('.').map_or(reference, |(logical_id, _)| logical_id)
}
