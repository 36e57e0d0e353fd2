//! Inputs derived from other inputs, as libFuzzer does, without its feedback and with some knowledge of JSON.

use fastrand::Rng;

use crate::json;

/// Byte sequences that often break parsers.
const PIECES: [&[u8]; 14] = [
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\n\n",
    b"\\ud800",
    b"%",
    b"%00",
    b"&&=",
    b"\"",
    b"{}",
    b"[[[[[[[[",
    b"-0",
    b"1e999",
    b"18446744073709551616",
];

/// Returns an input derived from one of `inputs`.
pub(crate) fn of(inputs: &[Vec<u8>], random: &mut Rng) -> Vec<u8> {
    let mut input = random.choice(inputs).cloned().unwrap_or_default();
    for _ in 0..random.usize(1..=3) {
        let other = random.choice(inputs).map_or(&[][..], Vec::as_slice);
        let with_json = if random.u8(0..4) == 0 { None } else { json::changed(&input, other, random) };
        input = with_json.unwrap_or_else(|| bytes(input, other, random));
    }
    input
}

/// Returns the input with a few bytes changed, removed, repeated, or copied from another input.
fn bytes(mut input: Vec<u8>, other: &[u8], random: &mut Rng) -> Vec<u8> {
    let from = random.usize(0..=input.len());
    let to = random.usize(from..=input.len().min(from + 40));
    match random.u8(0..6) {
        0 => input.get_mut(from).into_iter().for_each(|byte| *byte ^= 1 << random.u8(0..8)),
        1 => drop(input.drain(from..to)),
        2 => input.truncate(from),
        3 => input.extend_from_within(from..to),
        4 => drop(input.splice(from..to, random.choice(PIECES).unwrap_or_default().iter().copied())),
        _ => drop(input.splice(from.., other[random.usize(0..=other.len())..].iter().copied())),
    }
    input
}
