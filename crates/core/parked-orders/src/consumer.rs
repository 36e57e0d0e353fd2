//! The name under which a consumer of the stream parks orders.

use std::borrow::Cow;
use std::fmt;

/// The name of a consumer of the stream. Each parks for itself: an order that one cannot fold, another may well publish.
///
/// Names are stored, so a consumer keeps its name for ever. A read model parks under its own name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Consumer(Cow<'static, str>);

impl Consumer {
    /// The publisher to the event bus. Its name is stored: never change it.
    pub const PUBLISHER: Self = Self::new("publisher");

    /// The consumer of that name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The consumer of a note, whatever release wrote it.
    pub(crate) const fn stored(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// The name.
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
