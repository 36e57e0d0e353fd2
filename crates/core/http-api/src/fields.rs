//! Reads an object field by field. A caller requests each field once, every fault is recorded, and the fields left over
//! are unknown.

use std::collections::{BTreeMap, HashSet};

use order_domain::values::{Amount, MAX_ITEMS, Metadata, Quantity, Text, ValueError};
use timestamp::Timestamp;

use crate::invalid::{Fault, Invalid, Place, note};
use crate::json::{Json, member_pointer};

/// The fields of one object.
#[derive(Debug)]
pub struct Fields<'a> {
    members: &'a [(String, Json)],
    known: Vec<&'static str>,
    pointer: String,
    source: Source,
    errors: &'a mut Vec<Invalid>,
}

/// The document that contains an object. Error locations point into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The body of the request.
    Body,
    /// The claims of a signed quote.
    Claims,
}

impl Source {
    /// Returns the location of a pointer in the document.
    #[must_use]
    pub const fn place(self, pointer: String) -> Place {
        match self {
            Self::Body => Place::Pointer(pointer),
            Self::Claims => Place::Claim(pointer),
        }
    }

    const fn unknown_member(self) -> &'static str {
        match self {
            Self::Body => "is not a field of this request",
            Self::Claims => "is not a claim of a quote",
        }
    }
}

impl<'a> Fields<'a> {
    /// Reads the fields of a whole document, and records its faults in `errors`. Returns `None` if the value is not an
    /// object.
    pub fn of_document(value: &'a Json, source: Source, errors: &'a mut Vec<Invalid>) -> Option<Self> {
        Self::of(value, String::new(), source, errors)
    }

    /// Reads the fields of the value at `pointer`.
    fn of(value: &'a Json, pointer: String, source: Source, errors: &'a mut Vec<Invalid>) -> Option<Self> {
        let Json::Object(members) = value else {
            errors.push(wrong_type("an object", value).at(source.place(pointer)));
            return None;
        };
        Some(Self { members, known: Vec::new(), pointer, source, errors })
    }

    fn pointer(&self, name: &str) -> String {
        member_pointer(&self.pointer, name)
    }

    /// Returns the value of a field, if it was sent.
    pub fn get(&mut self, name: &'static str) -> Option<&'a Json> {
        self.known.push(name);
        self.members.iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Records the fault of a field.
    pub fn record(&mut self, name: &str, fault: Fault) {
        self.errors.push(fault.at(self.source.place(self.pointer(name))));
    }

    /// Reads a required field.
    pub fn required<T>(&mut self, name: &'static str, read: impl FnOnce(&'a Json) -> Result<T, Fault>) -> Option<T> {
        let result = match self.get(name) {
            Some(value) => read(value),
            None => Err(Fault::new("missing_field", "is required")),
        };
        result.map_err(|fault| self.record(name, fault)).ok()
    }

    /// Reads an optional field. Returns `Some(None)` if it was left out, and `None` if it is faulty.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'a Json) -> Result<T, Fault>,
    ) -> Option<Option<T>> {
        self.get(name).map(read).transpose().map_err(|fault| self.record(name, fault)).ok()
    }

    /// Reads an array of 1..=100 objects, each with `read_item`.
    pub fn items<T>(
        &mut self,
        name: &'static str,
        mut read_item: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = self.required(name, read_array)?;
        let pointer = self.pointer(name);
        let mut read = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if let Some(mut fields) = Fields::of(item, format!("{pointer}/{index}"), self.source, self.errors) {
                read.extend(read_item(&mut fields));
                fields.finish();
            }
        }
        (read.len() == items.len()).then_some(read)
    }

    /// Reads an object of short strings. It is empty if the field was left out.
    pub fn metadata(&mut self, name: &'static str) -> Option<Metadata> {
        let members = self.optional(name, |value| {
            let Json::Object(members) = value else { return Err(wrong_type("an object", value)) };
            Ok(members)
        });
        let Some(members) = members? else { return Some(Metadata::default()) };
        let (pointer, known) = (self.pointer(name), self.errors.len());
        let mut notes = BTreeMap::new();
        for (key, value) in members {
            let read = Metadata::check_name(key).map_err(Fault::from).and_then(|()| parsed(Text::parse)(value));
            let fault = match read.map(|value| notes.insert(key.clone(), value)) {
                Ok(None) => continue,
                Ok(Some(_)) => Fault::new("duplicate_field", "must be given once"),
                Err(fault) => fault,
            };
            self.errors.push(fault.at(self.source.place(member_pointer(&pointer, key))));
        }
        if self.errors.len() > known {
            return None;
        }
        note(self.errors, self.source.place(pointer), Metadata::try_from(notes))
    }

    /// Records a fault for every unknown field, so that a typo in a request is always reported, and for every repeated
    /// field. The content of an unknown field is not checked.
    pub fn finish(mut self) {
        let mut seen = HashSet::new();
        for (key, _) in self.members {
            let fault = if !self.known.contains(&key.as_str()) {
                Fault::new("unknown_field", self.source.unknown_member())
            } else if !seen.insert(key) {
                Fault::new("duplicate_field", "must be given once")
            } else {
                continue;
            };
            self.record(key, fault);
        }
    }
}

fn wrong_type(wanted: &str, value: &Json) -> Fault {
    Fault::new("wrong_type", format!("must be {wanted}, not {}", value.kind()))
}

fn read_array(value: &Json) -> Result<&Vec<Json>, Fault> {
    let Json::Array(items) = value else { return Err(wrong_type("an array", value)) };
    match items.len() {
        0 => Err(Fault::new("too_few_items", "must have at least 1 item")),
        1..=MAX_ITEMS => Ok(items),
        count => Err(Fault::new("too_many_items", format!("must have at most {MAX_ITEMS} items, not {count}"))),
    }
}

fn read_string(value: &Json) -> Result<&str, Fault> {
    let Json::String(text) = value else { return Err(wrong_type("a string", value)) };
    Ok(text)
}

/// Reads a text that is checked elsewhere.
///
/// # Errors
/// Returns a fault if the value is not a string.
pub fn string(value: &Json) -> Result<String, Fault> {
    Ok(read_string(value)?.to_owned())
}

/// Reads one string, or an array of strings, which may be empty.
///
/// # Errors
/// Returns a fault if the value is neither.
pub fn strings(value: &Json) -> Result<Vec<String>, Fault> {
    if let Json::Array(items) = value {
        return items.iter().map(string).collect();
    }
    let text = string(value).map_err(|_| wrong_type("a string or an array of strings", value))?;
    Ok(vec![text])
}

/// Reads an instant as seconds since 1970-01-01T00:00:00Z (a `NumericDate` without a fraction).
///
/// # Errors
/// Returns a fault if the value is not an integer, or not in the years 1970 to 9999.
pub fn epoch_seconds(value: &Json) -> Result<Timestamp, Fault> {
    let rule = "must be an integer: seconds since 1970, until the year 9999";
    let epoch_ms = read_unsigned(value, rule)?.checked_mul(1000).and_then(|epoch_ms| i64::try_from(epoch_ms).ok());
    let instant = epoch_ms.and_then(|epoch_ms| Timestamp::from_epoch_ms(epoch_ms).ok());
    instant.ok_or_else(|| Fault::new("out_of_range", rule))
}

/// Reads a number from 0 on. `rule` is the detail of the fault if it is not one.
fn read_unsigned(value: &Json, rule: &str) -> Result<u64, Fault> {
    match value {
        Json::Unsigned(number) => Ok(*number),
        Json::Negative(_) => Err(Fault::new("out_of_range", rule)),
        Json::NotAnInteger => Err(Fault::new("not_an_integer", rule)),
        Json::Null | Json::Boolean(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => {
            Err(wrong_type("an integer", value))
        }
    }
}

/// Reads a string with the `parse` of its type.
///
/// # Errors
/// Returns a fault if the value is not a string, or not valid for the type.
pub fn parsed<T>(parse: impl FnOnce(&str) -> Result<T, ValueError>) -> impl FnOnce(&Json) -> Result<T, Fault> {
    move |value| Ok(parse(read_string(value)?)?)
}

/// Reads an amount in minor units; 0 is allowed.
///
/// # Errors
/// Returns a fault if the value is not an integer from 0 to 2^53 - 1.
pub fn amount(value: &Json) -> Result<Amount, Fault> {
    Ok(Amount::new(read_unsigned(value, &ValueError::AmountOutOfRange.to_string())?)?)
}

/// Reads an amount in minor units that must be more than 0.
///
/// # Errors
/// Returns a fault if the value is not an integer from 1 to 2^53 - 1.
pub fn positive_amount(value: &Json) -> Result<Amount, Fault> {
    let amount = amount(value)?;
    if amount.is_zero() { Err(Fault::new("out_of_range", "must be more than 0")) } else { Ok(amount) }
}

/// Reads a quantity of an item.
///
/// # Errors
/// Returns a fault if the value is not an integer from 1 to 1,000,000.
pub fn quantity(value: &Json) -> Result<Quantity, Fault> {
    let count = read_unsigned(value, &ValueError::QuantityOutOfRange.to_string())?;
    Ok(Quantity::new(u32::try_from(count).map_err(|_| ValueError::QuantityOutOfRange)?)?)
}
