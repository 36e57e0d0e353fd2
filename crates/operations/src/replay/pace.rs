//! The time at which the next call is due.

use std::time::{Duration, Instant};

/// Limits the rate to a number of events a second, evenly. It does not make up for idle time, so the rate is never higher
/// after a slow page or an outage.
pub(super) struct Pace {
    /// The time that one event takes at this rate.
    share: Duration,
    /// The time at which the events of earlier calls have used their share.
    free: Option<Instant>,
}

impl Pace {
    /// Creates a pace of `rate` events a second, at least 1.
    pub(super) fn new(rate: u32) -> Self {
        Self { share: Duration::from_secs(1) / rate.max(1), free: None }
    }

    /// Returns the time at which a call with this number of events may be made if it is ready `now`, and reserves the time
    /// of its events.
    pub(super) fn due(&mut self, now: Instant, events: usize) -> Instant {
        let due = self.free.map_or(now, |free| free.max(now));
        self.free = Some(due + self.share * u32::try_from(events).unwrap_or(u32::MAX));
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_the_time_of_its_events_after_it() {
        let (mut pace, start) = (Pace::new(100), Instant::now());
        let due: Vec<u128> = [10, 10, 1, 10].map(|events| (pace.due(start, events) - start).as_millis()).to_vec();
        assert_eq!(due, [0, 100, 200, 210]);
    }

    #[test]
    fn time_in_which_nothing_was_sent_is_not_made_up_for() {
        let (mut pace, start) = (Pace::new(10), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(pace.due(start, 10), start);
        assert_eq!(pace.due(after(60), 10), after(60), "a call that comes late is made at once");
        assert_eq!(pace.due(after(60), 10), after(61), "and the next one is not brought forward");
    }

    #[test]
    fn no_second_has_more_than_its_events_and_one_call() {
        for rate in [1, 7, 100, 100_000] {
            let (mut pace, start) = (Pace::new(rate), Instant::now());
            let sizes = (0..200).map(|number| 1 + number % 10);
            let calls: Vec<(Instant, u32)> = sizes.map(|size| (pace.due(start, size as usize), size)).collect();
            for (first, (begun, _)) in calls.iter().enumerate() {
                let second = calls[first..].iter().take_while(|(at, _)| *at < *begun + Duration::from_secs(1));
                let events: u32 = second.map(|(_, events)| events).sum();
                assert!(events <= rate + 10, "{events} events in a second at a rate of {rate}");
            }
        }
    }
}
