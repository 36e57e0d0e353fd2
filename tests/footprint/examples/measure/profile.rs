//! Instructions by part of the work, from callgrind's output.

use std::collections::HashMap;

/// Instructions of a profile, by function and by call. A function has the name of its symbol.
#[derive(Default)]
pub(crate) struct Profile {
    own: HashMap<Place, f64>,
    calls: HashMap<(Place, String), f64>,
    /// The source file of each function.
    files: HashMap<String, String>,
}

/// The position of code. Inlined code has the source file that it was written in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Place {
    function: String,
    file: String,
    /// True if the code is part of the C library: it allocates, copies or calls the system.
    is_c_library: bool,
}

/// Instructions, and the C library's part of them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) all: f64,
    pub(crate) in_c_library: f64,
}

impl Profile {
    /// Reads a file that callgrind wrote, with uncompressed names and positions.
    pub(crate) fn read(text: &str) -> Self {
        let mut profile = Self::default();
        let (mut at, mut file_of_function, mut callee) = (Place::default(), String::new(), String::new());
        let mut is_call = false;
        for line in text.lines() {
            match line.split_once('=') {
                Some(("ob", object)) => at.is_c_library = object.contains("/libc.so") || object.contains("/libc-"),
                Some(("fl", file)) => file.clone_into(&mut file_of_function),
                Some(("fn", name)) => {
                    (at.function, at.file) = (name.to_owned(), file_of_function.clone());
                    profile.files.insert(name.to_owned(), file_of_function.clone());
                }
                Some(("fi" | "fe", file)) => file.clone_into(&mut at.file),
                Some(("cfn", name)) => name.clone_into(&mut callee),
                Some(("calls", _)) => is_call = true,
                Some(_) => {}
                // A line number and a number of instructions.
                None => {
                    let Some((_, cost)) = line.split_once(' ').filter(|(line, _)| line.parse::<u64>().is_ok()) else {
                        continue;
                    };
                    let cost = cost.parse().unwrap_or(0.0);
                    if std::mem::take(&mut is_call) {
                        *profile.calls.entry((at.clone(), callee.clone())).or_default() += cost;
                    } else {
                        *profile.own.entry(at.clone()).or_default() += cost;
                    }
                }
            }
        }
        profile
    }

    /// Returns the profile of the work in `self` that is not in `shorter`, divided by `times`.
    pub(crate) fn beyond(mut self, shorter: &Self, times: f64) -> Self {
        for (place, cost) in &mut self.own {
            *cost = (*cost - shorter.own.get(place).copied().unwrap_or_default()) / times;
        }
        for (call, cost) in &mut self.calls {
            *cost = (*cost - shorter.calls.get(call).copied().unwrap_or_default()).max(0.0) / times;
        }
        self
    }

    fn part<'a>(&'a self, place: &'a Place, part: fn(&str) -> Option<&str>) -> Option<&'a str> {
        part(&place.file).or_else(|| part(self.files.get(&place.function)?))
    }

    /// Returns the cost of each part, which `part` names for a source file. Code in other files, such as that of the
    /// standard library, counts for the part that calls it, in proportion to the calls' instructions.
    pub(crate) fn by_part(&self, part: fn(&str) -> Option<&str>) -> HashMap<&str, Cost> {
        let part = |place| self.part(place, part);
        let mut callers: HashMap<&str, Vec<(&Place, f64)>> = HashMap::new();
        for ((caller, callee), cost) in self.calls.iter().filter(|(_, cost)| **cost > 0.0) {
            if caller.function != *callee {
                callers.entry(callee).or_default().push((caller, *cost));
            }
        }
        let mut parts: HashMap<&str, Cost> = HashMap::new();
        let mut pending: HashMap<&str, Cost> = HashMap::new();
        for (place, &all) in &self.own {
            let cost = Cost { all, in_c_library: if place.is_c_library { all } else { 0.0 } };
            match part(place) {
                Some(part) => parts.entry(part).or_default().add(cost, 1.0),
                None => pending.entry(&place.function).or_default().add(cost, 1.0),
            }
        }
        // Functions that call each other pass on less in each round.
        for _ in 0..ROUNDS {
            let mut next: HashMap<&str, Cost> = HashMap::new();
            for (function, cost) in pending {
                let callers = callers.get(function).map_or(&[][..], Vec::as_slice);
                let sum: f64 = callers.iter().map(|(_, weight)| weight).sum();
                if callers.is_empty() {
                    parts.entry(OTHER).or_default().add(cost, 1.0);
                }
                for (caller, weight) in callers {
                    match part(caller) {
                        Some(part) => parts.entry(part).or_default().add(cost, weight / sum),
                        None => next.entry(&caller.function).or_default().add(cost, weight / sum),
                    }
                }
            }
            pending = next;
        }
        pending.values().for_each(|cost| parts.entry(OTHER).or_default().add(*cost, 1.0));
        parts
    }
}

/// The number of callers that the cost of a function can pass on its way to a part.
const ROUNDS: usize = 200;
/// The part of code that no part calls.
pub(crate) const OTHER: &str = "other";

impl Cost {
    fn add(&mut self, other: Self, share: f64) {
        self.all += other.all * share;
        self.in_c_library += other.in_c_library * share;
    }
}
