//! Splits entries into as few calls as the limits allow, and keeps their order.

use crate::entry::{Entry, MAX_BYTES};

/// The largest number of entries in one PutEvents call.
const MAX_ENTRIES: usize = 10;

/// Splits entries into calls. Filling each call before the next one begins needs the fewest calls that keep the order.
pub(crate) fn calls(mut entries: &[Entry]) -> impl Iterator<Item = &[Entry]> {
    std::iter::from_fn(move || {
        let (call, rest) = entries.split_at(first_call(entries));
        entries = rest;
        (!call.is_empty()).then_some(call)
    })
}

/// Returns the number of entries in the first call. It is at least one if there are entries, because every entry fits
/// into a call.
fn first_call(entries: &[Entry]) -> usize {
    let mut free = MAX_BYTES;
    let fits = |entry: &&Entry| match free.checked_sub(entry.bytes) {
        Some(left) => {
            free = left;
            true
        }
        None => false,
    };
    entries.iter().take(MAX_ENTRIES).take_while(fits).count()
}

#[cfg(test)]
mod tests {
    use aws_sdk_eventbridge::types::PutEventsRequestEntry;

    use super::*;

    fn packed(sizes: &[usize]) -> Vec<Vec<usize>> {
        let request = PutEventsRequestEntry::builder().build();
        let entry = |(index, &bytes)| Entry { index, request: request.clone(), bytes, last_failure: None };
        let entries: Vec<Entry> = sizes.iter().enumerate().map(entry).collect();
        calls(&entries).map(|call| call.iter().map(|entry| entry.index).collect()).collect()
    }

    #[test]
    fn nothing_needs_no_call() {
        assert!(packed(&[]).is_empty());
    }

    #[test]
    fn a_call_holds_ten_entries_and_the_last_one_the_rest() {
        assert_eq!(packed(&[1; 10]), [(0..10).collect::<Vec<_>>()]);
        assert_eq!(packed(&[1; 21]), [(0..10).collect(), (10..20).collect(), vec![20]]);
    }

    #[test]
    fn a_call_is_filled_to_the_last_byte_and_not_beyond() {
        assert_eq!(packed(&[262_143, 1, 1]), [vec![0, 1], vec![2]]);
        assert_eq!(packed(&[262_143, 2]), [vec![0], vec![1]]);
        assert_eq!(packed(&[262_144, 262_144]), [vec![0], vec![1]]);
    }

    #[test]
    fn a_small_entry_does_not_overtake_a_large_one() {
        assert_eq!(packed(&[200_000, 100_000, 10]), [vec![0], vec![1, 2]]);
    }

    #[test]
    fn no_other_cut_in_this_order_takes_fewer_calls() {
        let mut random = fastrand::Rng::with_seed(4);
        for _ in 0..200 {
            let sizes: Vec<usize> = (0..random.usize(1..40)).map(|_| random.usize(1..=MAX_BYTES / 3)).collect();
            let calls = packed(&sizes);
            assert!(calls.concat().into_iter().eq(0..sizes.len()), "{sizes:?}");
            assert!(calls.iter().all(|call| call.len() <= 10), "{sizes:?}");
            assert!(calls.iter().all(|call| call.iter().map(|&i| sizes[i]).sum::<usize>() <= 262_144), "{sizes:?}");
            assert_eq!(calls.len(), fewest(&sizes), "{sizes:?}");
        }
    }

    /// Returns the smallest number of calls over all splits, by trying every last call.
    fn fewest(sizes: &[usize]) -> usize {
        let mut fewest = vec![0];
        for end in 1..=sizes.len() {
            let fits = |&begin: &usize| end - begin <= 10 && sizes[begin..end].iter().sum::<usize>() <= 262_144;
            fewest.push((0..end).filter(fits).map(|begin| fewest[begin] + 1).min().unwrap());
        }
        fewest[sizes.len()]
    }
}
