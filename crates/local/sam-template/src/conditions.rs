//! Conditions, which determine the deployed resources, and rules, which determine the rejected parameters.

use yaml_serde::Value as Yaml;

use crate::error::TemplateError;
use crate::resolve::{Resolver, intrinsic};
use crate::template::Template;

impl Template {
    /// Returns the reasons why CloudFormation rejects these parameters: the description of every failed assertion in
    /// `Rules`.
    ///
    /// # Errors
    /// When a rule has a form that this crate does not support.
    pub fn refusals(&self) -> Result<Vec<String>, TemplateError> {
        let mut refusals = Vec::new();
        for (name, rule) in self.entries("Rules") {
            let resolver = Resolver::new(self, name.as_str().unwrap_or_default());
            if !rule.get("RuleCondition").map_or(Ok(true), |condition| resolver.holds(condition))? {
                continue;
            }
            for assertion in rule.get("Assertions").and_then(Yaml::as_sequence).into_iter().flatten() {
                let claim = assertion.get("Assert").ok_or_else(|| resolver.not_a_condition("nothing"))?;
                if !resolver.holds(claim)? {
                    refusals
                        .push(assertion.get("AssertDescription").map_or(Ok(String::new()), |it| resolver.text(it))?);
                }
            }
        }
        Ok(refusals)
    }

    /// Returns the value of a condition of the template; `resource` is the resource that needs it, for messages.
    pub(crate) fn condition(&self, name: &str, resource: &str) -> Result<bool, TemplateError> {
        let condition = self
            .entry("Conditions", name)
            .ok_or_else(|| TemplateError::Reference { resource: resource.to_owned(), reference: name.to_owned() })?;
        Resolver::new(self, name).holds(condition)
    }
}

impl Resolver<'_> {
    fn holds(&self, condition: &Yaml) -> Result<bool, TemplateError> {
        let Some((function, argument)) = intrinsic(condition) else {
            return Err(self.not_a_condition(&format!("{condition:?}")));
        };
        let arguments = argument.as_sequence().map_or(&[][..], Vec::as_slice);
        match (function.as_str(), argument, arguments) {
            ("Condition", Yaml::String(name), _) => self.template.condition(name, self.resource),
            ("Equals", _, [one, other]) => Ok(self.text(one)? == self.text(other)?),
            ("Contains", _, [Yaml::Sequence(texts), text]) => {
                let text = self.text(text)?;
                let texts: Result<Vec<_>, _> = texts.iter().map(|text| self.text(text)).collect();
                Ok(texts?.contains(&text))
            }
            ("Not", _, [condition]) => Ok(!self.holds(condition)?),
            ("And", _, conditions) => conditions.iter().try_fold(true, |all, it| Ok(self.holds(it)? && all)),
            ("Or", _, conditions) => conditions.iter().try_fold(false, |any, it| Ok(self.holds(it)? || any)),
            (other, ..) => Err(self.not_a_condition(other)),
        }
    }

    fn not_a_condition(&self, value: &str) -> TemplateError {
        TemplateError::Value {
            resource: self.resource.to_owned(),
            property: "Condition",
            value: value.to_owned(),
            expected: "Condition, Equals, Contains, Not, And or Or",
        }
    }
}
