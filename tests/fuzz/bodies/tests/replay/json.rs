//! Changes to the JSON in an input. The result is still JSON, so that it reaches the code behind the JSON parser.

use fastrand::Rng;
use serde_json::{Value, json};

/// Returns the input with one value of its JSON changed; `None` if it contains no JSON.
pub(crate) fn changed(input: &[u8], other: &[u8], random: &mut Rng) -> Option<Vec<u8>> {
    let (at, mut value) = json_in(input)?;
    let donor = json_in(other).map_or(Value::Null, |(_, donor)| donor);
    let index = random.usize(0..count(&value));
    if let Some(place) = nth(&mut value, &mut { index }) {
        change(place, &donor, random);
    }
    let mut changed = input[..at].to_vec();
    changed.extend_from_slice(value.to_string().as_bytes());
    Some(changed)
}

/// Returns the JSON at the end of an input, and its start: after the lines of a message, or at the beginning.
fn json_in(input: &[u8]) -> Option<(usize, Value)> {
    let line_starts = input.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let starts = std::iter::once(0).chain(line_starts).filter(|at| matches!(input.get(*at), Some(b'{' | b'[')));
    starts.take(4).find_map(|at| Some((at, serde_json::from_slice(&input[at..]).ok()?)))
}

fn change(place: &mut Value, donor: &Value, random: &mut Rng) {
    match (random.u8(0..4), &mut *place) {
        (0, Value::Object(members)) if !members.is_empty() => {
            let name = random.choice(members.keys()).cloned().unwrap_or_default();
            let value = members.remove(&name);
            if random.bool() {
                members.insert(format!("{name}2"), value.unwrap_or_default());
            }
        }
        (0 | 1, Value::Array(items)) if !items.is_empty() => {
            let (one, other) = (random.usize(0..items.len()), random.usize(0..items.len()));
            match random.u8(0..3) {
                0 => items.swap(one, other),
                1 => drop(items.remove(one)),
                _ => items.push(items[one].clone()),
            }
        }
        (2, _) => {
            let index = random.usize(0..count(donor));
            *place = nth(&mut donor.clone(), &mut { index }).cloned().unwrap_or_default();
        }
        _ => *place = unusual(place, random),
    }
}

/// Returns a value of the same kind at the limit of the valid range, or a value of another kind.
fn unusual(value: &Value, random: &mut Rng) -> Value {
    let numbers = [0, 1, 2, 1_000_000, 1_000_001, u64::from(u32::MAX), (1 << 53) - 1, 1 << 53, u64::MAX - 1, u64::MAX];
    let number = random.choice(numbers).unwrap_or_default();
    match value {
        Value::Number(_) => [json!(number), json!(-1), json!(1.5), json!(i64::MIN)][random.usize(0..4)].clone(),
        // In DynamoDB's JSON, numbers and binary data are strings.
        Value::String(text) => match random.u8(0..8) {
            0 => json!(number.to_string()),
            1 => json!(""),
            2 => json!(text.repeat(20)),
            3 => json!(text.chars().rev().collect::<String>()),
            4 => json!(format!("{text}\u{202e}#/~%00")),
            5 => json!("-1"),
            6 => json!("9999-12-31T23:59:59.999Z"),
            _ => json!(text.chars().map(|c| if random.u8(0..16) == 0 { 'A' } else { c }).collect::<String>()),
        },
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            [json!(null), json!({}), json!([]), json!("text"), json!(number)][random.usize(0..5)].clone()
        }
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(count).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

/// Returns the value at this index, counted from the outside in.
fn nth<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, left)),
        Value::Object(members) => members.values_mut().find_map(|member| nth(member, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
