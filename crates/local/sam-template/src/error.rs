//! The errors in a template.

/// The reason why a template could not be read. Each names the affected resource.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The text is not YAML.
    #[error("the template is not valid YAML")]
    Yaml(#[from] yaml_serde::Error),

    /// A required section of the document is missing or has another shape.
    #[error("the template's `{section}` is missing or is not a mapping")]
    Section {
        /// The top-level key, such as `Resources`.
        section: &'static str,
    },

    /// A resource lacks a required property, or a property has the wrong type.
    #[error("{resource}: {problem}")]
    Property {
        /// The logical id of the resource.
        resource: String,
        /// The error that serde reported, such as "missing field `KeySchema`".
        problem: serde_json::Error,
    },

    /// A property has a value that is not valid here.
    #[error("{resource}: {property} is `{value}`, which is not {expected}")]
    Value {
        /// The logical id of the resource.
        resource: String,
        /// The property's name.
        property: &'static str,
        /// The value in the template.
        value: String,
        /// The values that are valid.
        expected: &'static str,
    },

    /// A reference does not lead to a parameter, pseudo parameter or resource.
    #[error("{resource} refers to `{reference}`, which the template does not define")]
    Reference {
        /// The logical id of the resource with the reference.
        resource: String,
        /// The name that does not exist.
        reference: String,
    },
}
