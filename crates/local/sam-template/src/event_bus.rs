//! Event buses.

pub(crate) const TYPE: &str = "AWS::Events::EventBus";

/// An event bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBus {
    /// Its name within the template.
    pub logical_id: String,
}

impl EventBus {
    /// Returns its local name. A reference to the name or the ARN of a bus resolves to it: `OrderBus` for `!Ref OrderBus`,
    /// `OrderBus.Name` and `OrderBus.Arn` for `!GetAtt`.
    #[must_use]
    pub fn local_names(&self) -> [String; 3] {
        let id = &self.logical_id;
        [id.clone(), format!("{id}.Name"), format!("{id}.Arn")]
    }
}
