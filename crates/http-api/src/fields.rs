//! Reading an object field by field: each field is asked for once, every fault is noted, what is left over is unknown.

use std::collections::{BTreeMap, HashSet};

use order_domain::values::{Amount, Currency, MAX_ITEMS, Metadata, Quantity, ReasonCode, Reference, Text, ValueError};

use crate::invalid::{Fault, Invalid, Place, note};
use crate::json::{Json, member_pointer};

/// The fields of one object.
#[derive(Debug)]
pub struct Fields<'a> {
    members: &'a [(String, Json)],
    known: Vec<&'static str>,
    pointer: String,
}

impl<'a> Fields<'a> {
    /// The fields of `value`, which must be an object and stands at `pointer`.
    ///
    /// # Errors
    /// When it is another kind of value.
    pub fn of(value: &'a Json, pointer: &str) -> Result<Self, Fault> {
        match value {
            Json::Object(members) => Ok(Self { members, known: Vec::new(), pointer: pointer.to_owned() }),
            Json::Null
            | Json::Boolean(_)
            | Json::Unsigned(_)
            | Json::Negative(_)
            | Json::NotAnInteger
            | Json::String(_)
            | Json::Array(_) => Err(wrong_type("an object", value)),
        }
    }

    /// The pointer of a field of this object.
    #[must_use]
    pub fn pointer(&self, name: &str) -> String {
        member_pointer(&self.pointer, name)
    }

    /// The value of a field, if it was sent.
    pub fn get(&mut self, name: &'static str) -> Option<&'a Json> {
        self.known.push(name);
        self.members.iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// A field that must be there.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Json) -> Result<T, Fault>,
        errors: &mut Vec<Invalid>,
    ) -> Option<T> {
        let result = match self.get(name) {
            Some(value) => read(value),
            None => Err(missing()),
        };
        result.map_err(|fault| errors.push(fault.at(Place::Pointer(self.pointer(name))))).ok()
    }

    /// A field that may be left out: `Some(None)` when it was, `None` when it is faulty.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Json) -> Result<T, Fault>,
        errors: &mut Vec<Invalid>,
    ) -> Option<Option<T>> {
        let result = self.get(name).map(read).transpose();
        result.map_err(|fault| errors.push(fault.at(Place::Pointer(self.pointer(name))))).ok()
    }

    /// An array of 1..=100 objects, each read by `read_item`.
    pub fn items<T>(
        &mut self,
        name: &'static str,
        mut read_item: impl FnMut(&mut Fields<'_>, &mut Vec<Invalid>) -> Option<T>,
        errors: &mut Vec<Invalid>,
    ) -> Option<Vec<T>> {
        let pointer = self.pointer(name);
        let items = match self.get(name).map_or_else(|| Err(missing()), read_array) {
            Ok(items) => items,
            Err(fault) => {
                errors.push(fault.at(Place::Pointer(pointer)));
                return None;
            }
        };
        let mut read = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            match Fields::of(item, &pointer) {
                Ok(mut fields) => {
                    read.extend(read_item(&mut fields, errors));
                    fields.finish(errors);
                }
                Err(fault) => errors.push(fault.at(Place::Pointer(pointer))),
            }
        }
        (read.len() == items.len()).then_some(read)
    }

    /// An object of short strings; none where it was left out.
    pub fn metadata(&mut self, name: &'static str, errors: &mut Vec<Invalid>) -> Option<Metadata> {
        let pointer = self.pointer(name);
        let Some(value) = self.get(name) else { return Some(Metadata::default()) };
        let Json::Object(members) = value else {
            errors.push(wrong_type("an object", value).at(Place::Pointer(pointer)));
            return None;
        };
        let known = errors.len();
        let mut notes = BTreeMap::new();
        for (key, value) in members {
            let read = Metadata::check_name(key).map_err(Fault::from).and_then(|()| text(value));
            let fault = match read.map(|value| notes.insert(key.clone(), value)) {
                Ok(None) => continue,
                Ok(Some(_)) => Fault::new("duplicate_field", "must be given once"),
                Err(fault) => fault,
            };
            errors.push(fault.at(Place::Pointer(member_pointer(&pointer, key))));
        }
        if errors.len() > known {
            return None;
        }
        note(errors, Place::Pointer(pointer), Metadata::try_from(notes))
    }

    /// Notes every field that was not asked for, so that a client's typo never becomes silence, and every one that was
    /// sent again. (What is inside an unknown field is not looked at: it is refused as it stands.)
    pub fn finish(self, errors: &mut Vec<Invalid>) {
        let mut seen = HashSet::new();
        for (key, _) in self.members {
            let fault = if !self.known.contains(&key.as_str()) {
                Fault::new("unknown_field", "is not a field of this request")
            } else if !seen.insert(key) {
                Fault::new("duplicate_field", "must be given once")
            } else {
                continue;
            };
            errors.push(fault.at(Place::Pointer(self.pointer(key))));
        }
    }
}

fn missing() -> Fault {
    Fault::new("missing_field", "is required")
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

fn read_unsigned(value: &Json, out_of_range: ValueError) -> Result<u64, Fault> {
    match value {
        Json::Unsigned(number) => Ok(*number),
        Json::Negative(_) => Err(out_of_range.into()),
        Json::NotAnInteger => Err(Fault::new("not_an_integer", out_of_range.to_string())),
        Json::Null | Json::Boolean(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => {
            Err(wrong_type("an integer", value))
        }
    }
}

/// Reads an id by its newtype's `parse`.
///
/// # Errors
/// When it is not a string, or not an id.
pub fn id<T>(parse: impl FnOnce(&str) -> Result<T, ValueError>) -> impl FnOnce(&Json) -> Result<T, Fault> {
    move |value| Ok(parse(read_string(value)?)?)
}

/// Reads a name, a reason or another short text.
///
/// # Errors
/// When it is not a string, or not a [`Text`].
pub fn text(value: &Json) -> Result<Text, Fault> {
    Ok(Text::parse(read_string(value)?)?)
}

/// Reads a shop's own order number.
///
/// # Errors
/// When it is not a string, or not a [`Reference`].
pub fn reference(value: &Json) -> Result<Reference, Fault> {
    Ok(Reference::parse(read_string(value)?)?)
}

/// Reads a word beside a reason.
///
/// # Errors
/// When it is not a string, or not a [`ReasonCode`].
pub fn reason_code(value: &Json) -> Result<ReasonCode, Fault> {
    Ok(ReasonCode::parse(read_string(value)?)?)
}

/// Reads an ISO 4217 currency code.
///
/// # Errors
/// When it is not a string, or not a code.
pub fn currency(value: &Json) -> Result<Currency, Fault> {
    Ok(Currency::parse(read_string(value)?)?)
}

/// Reads an amount in minor units; 0 is allowed.
///
/// # Errors
/// When it is not an integer from 0 to 2^53 - 1.
pub fn amount(value: &Json) -> Result<Amount, Fault> {
    Ok(Amount::new(read_unsigned(value, ValueError::AmountOutOfRange)?)?)
}

/// Reads an amount in minor units that must be more than 0.
///
/// # Errors
/// When it is not an integer from 1 to 2^53 - 1.
pub fn positive_amount(value: &Json) -> Result<Amount, Fault> {
    let amount = amount(value)?;
    if amount.is_zero() { Err(Fault::new("out_of_range", "must be more than 0")) } else { Ok(amount) }
}

/// Reads how many of an item.
///
/// # Errors
/// When it is not an integer from 1 to 1,000,000.
pub fn quantity(value: &Json) -> Result<Quantity, Fault> {
    let count = read_unsigned(value, ValueError::QuantityOutOfRange)?;
    Ok(Quantity::new(u32::try_from(count).map_err(|_| ValueError::QuantityOutOfRange)?)?)
}
