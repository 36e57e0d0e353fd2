//! The plan of a history: a seed, and the parts that are left out. It fits on a command line.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::faults::fault::Fault;

/// A seed, and the parts of its history that are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// The numbers of the commands that are sent. `None` for all.
    pub commands: Option<Numbers>,
    /// The largest number of clients.
    pub clients: Option<u8>,
    /// Faults that do not strike.
    pub without: BTreeSet<Fault>,
}

impl Plan {
    /// The whole history of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }
}

/// The arguments of `orders chaos`.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--seed {}", self.seed)?;
        if let Some(commands) = &self.commands {
            write!(f, " --commands {commands}")?;
        }
        if let Some(clients) = self.clients {
            write!(f, " --clients {clients}")?;
        }
        if !self.without.is_empty() {
            let names: Vec<&str> = self.without.iter().map(|fault| fault.name()).collect();
            write!(f, " --without {}", names.join(","))?;
        }
        Ok(())
    }
}

/// Numbers of commands, from 0: written as `0-4,7`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers(pub BTreeSet<u8>);

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ranges: Vec<(u8, u8)> = Vec::new();
        for &number in &self.0 {
            match ranges.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
                Some(_) | None => ranges.push((number, number)),
            }
        }
        let written = |(first, last): &(u8, u8)| {
            if first == last { first.to_string() } else { format!("{first}-{last}") }
        };
        f.write_str(&ranges.iter().map(written).collect::<Vec<_>>().join(","))
    }
}

/// A text that is not a list of numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a list of numbers such as 0-4,7")]
pub struct NoNumbers(pub String);

impl FromStr for Numbers {
    type Err = NoNumbers;

    fn from_str(text: &str) -> Result<Self, NoNumbers> {
        let mut numbers = BTreeSet::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Ok(first), Ok(last)) = (first.parse::<u8>(), last.parse::<u8>()) else {
                return Err(NoNumbers(text.to_owned()));
            };
            numbers.extend(first..=last);
        }
        Ok(Self(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let numbers = Numbers([0, 1, 2, 7, 9, 10].into());
        assert_eq!(numbers.to_string(), "0-2,7,9-10");
        assert_eq!("0-2,7,9-10".parse(), Ok(numbers));
        assert_eq!("1-".parse::<Numbers>(), Err(NoNumbers("1-".to_owned())));
    }

    #[test]
    fn a_plan_is_written_as_arguments() {
        let without = BTreeSet::from([Fault::WrongClock, Fault::Throttling]);
        let plan = Plan { seed: 7, commands: Some(Numbers([0, 1, 4].into())), clients: Some(2), without };
        assert_eq!(plan.to_string(), "--seed 7 --commands 0-1,4 --clients 2 --without throttling,wrong-clock");
        assert_eq!(Plan::of(7).to_string(), "--seed 7");
    }
}
