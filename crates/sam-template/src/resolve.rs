//! What CloudFormation's intrinsic functions stand for on one laptop.
//!
//! `!Ref` of a parameter is its default, `!Ref` of a resource its logical id, `!GetAtt X.Arn` the text `X.Arn`, and
//! `!Sub` puts those into a text. Functions that are not needed here keep their long form (`{"Fn::If": [..]}`), so
//! that a property nobody asks for cannot fail.

use serde_json::{Map, Value as Json};
use serde_norway::Value as Yaml;

use crate::error::TemplateError;
use crate::template::Template;

/// Replaces the references in a part of one resource.
pub(crate) struct Resolver<'t> {
    template: &'t Template,
    /// The logical id of the resource at hand, for messages.
    resource: &'t str,
}

impl<'t> Resolver<'t> {
    pub(crate) fn new(template: &'t Template, resource: &'t str) -> Self {
        Self { template, resource }
    }

    /// The value as plain JSON, with its references replaced.
    pub(crate) fn resolve(&self, value: &Yaml) -> Result<Json, TemplateError> {
        match value {
            Yaml::Null => Ok(Json::Null),
            Yaml::Bool(flag) => Ok(Json::Bool(*flag)),
            Yaml::Number(_) => self.plain(value),
            Yaml::String(text) => Ok(Json::String(text.clone())),
            Yaml::Sequence(items) => items.iter().map(|item| self.resolve(item)).collect(),
            Yaml::Mapping(entries) => {
                let mut object = Map::new();
                for (key, value) in entries {
                    object.insert(self.key(key)?, self.resolve(value)?);
                }
                Ok(Json::Object(object))
            }
            Yaml::Tagged(tagged) => self.intrinsic(&tagged.tag.to_string(), &tagged.value),
        }
    }

    fn intrinsic(&self, tag: &str, argument: &Yaml) -> Result<Json, TemplateError> {
        match (tag, argument) {
            ("!Ref", Yaml::String(name)) => self.reference(name),
            ("!GetAtt", Yaml::String(attribute)) => self.attribute(attribute).map(Json::String),
            ("!Sub", Yaml::String(text)) => self.substitute(text).map(Json::String),
            (other, argument) => {
                let long_form = format!("Fn::{}", other.trim_start_matches('!'));
                Ok(Json::Object(Map::from_iter([(long_form, self.resolve(argument)?)])))
            }
        }
    }

    fn reference(&self, name: &str) -> Result<Json, TemplateError> {
        if let Some(default) = self.template.parameter_default(name) {
            return self.plain(default);
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

    fn substitute(&self, text: &str) -> Result<String, TemplateError> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, remainder)) = after.split_once('}') else { break };
            result.push_str(before);
            if name.contains('.') {
                result.push_str(&self.attribute(name)?);
            } else {
                result.push_str(&text_of(self.reference(name)?));
            }
            rest = remainder;
        }
        result.push_str(rest);
        Ok(result)
    }

    fn key(&self, key: &Yaml) -> Result<String, TemplateError> {
        self.plain(key).map(text_of)
    }

    fn plain(&self, value: &Yaml) -> Result<Json, TemplateError> {
        serde_json::to_value(value)
            .map_err(|problem| TemplateError::Property { resource: self.resource.to_owned(), problem })
    }

    fn unknown(&self, reference: &str) -> TemplateError {
        TemplateError::Reference { resource: self.resource.to_owned(), reference: reference.to_owned() }
    }
}

/// A value as a text holds it: strings without their quotes.
fn text_of(value: Json) -> String {
    if let Json::String(text) = value { text } else { value.to_string() }
}

/// The logical id within a resolved reference: `OrderEvents` of `OrderEvents.StreamArn`.
pub(crate) fn logical_id(reference: &str) -> &str {
    reference.split_once('.').map_or(reference, |(logical_id, _)| logical_id)
}
