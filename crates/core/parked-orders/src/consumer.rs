//! The name under which a consumer of the stream parks orders.

use std::borrow::Cow;
use std::fmt;

/// The name of a consumer of the stream. Each consumer parks orders for itself: one may be able to publish an order
/// that another cannot fold.
///
/// Names are stored, so a consumer's name must never change. A read model parks under its own name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Consumer(Cow<'static, str>);

impl Consumer {
    /// The publisher to the event bus. Its name is stored: never change it.
    pub const PUBLISHER: Self = Self::new("publisher");

    /// Creates the consumer with that name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// Creates the consumer of a stored note, from any release.
    pub(crate) const fn stored(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
