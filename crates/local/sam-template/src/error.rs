//! What can be wrong with a template.

/// Why a template could not be read; each names the resource to look at.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The text is not YAML.
    #[error("the template is not valid YAML")]
    Yaml(#[from] yaml_serde::Error),

    /// A part of the document that must be there is not, or has another shape.
    #[error("the template's `{section}` is missing or is not a mapping")]
    Section {
        /// The top-level key, such as `Resources`.
        section: &'static str,
    },

    /// A resource's properties lack one that is needed, or one has the wrong type.
    #[error("{resource}: {problem}")]
    Property {
        /// The logical id of the resource.
        resource: String,
        /// What serde found, such as "missing field `KeySchema`".
        problem: serde_json::Error,
    },

    /// A property has a value that means nothing here.
    #[error("{resource}: {property} is `{value}`, which is not {expected}")]
    Value {
        /// The logical id of the resource.
        resource: String,
        /// The property's name.
        property: &'static str,
        /// What the template says.
        value: String,
        /// What it could have said.
        expected: &'static str,
    },

    /// A reference leads to no parameter, pseudo parameter or resource.
    #[error("{resource} refers to `{reference}`, which the template does not define")]
    Reference {
        /// The logical id of the resource that refers.
        resource: String,
        /// The name that was not found.
        reference: String,
    },
}
