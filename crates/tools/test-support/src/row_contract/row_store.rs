//! The engine's assumptions about rows.

use std::time::Instant;

use read_models::row_store::MAX_KEYS;
use read_models::{ExistingRow, NewRow, RowError, RowStore, Write};

use super::{Adapter, existing, placed, read_again, versions, write};

/// A read returns the row that was written last.
pub async fn a_row_that_was_written_is_read<A: Adapter>(adapter: &A) {
    for row in versions::<A>("o-1").await {
        assert_eq!(write(adapter.rows(), &row).await.unwrap(), Write::Written);
        assert_eq!(existing(adapter.rows(), &row.key).await, read_again(row));
    }
}

/// A key without a row is missing in the result, and is no error.
pub async fn a_key_without_a_row_is_not_among_the_rows<A: Adapter>(adapter: &A) {
    let (row, absent) = (placed::<A>("o-1", "c-1").await, placed::<A>("o-2", "c-1").await.key);
    write(adapter.rows(), &row).await.unwrap();
    let read = adapter.rows().read(&[absent, row.key.clone()]).await.unwrap();
    assert_eq!(read.rows.into_keys().collect::<Vec<_>>(), [row.key]);
    assert!(adapter.rows().read(&[]).await.unwrap().rows.is_empty());
}

/// Writes together have the same results as alone, in the order of their rows.
pub async fn results_are_in_the_order_of_their_rows<A: Adapter>(adapter: &A) {
    let (stored, new) = (versions::<A>("o-1").await.swap_remove(2), placed::<A>("o-2", "c-2").await);
    write(adapter.rows(), &stored).await.unwrap();
    let older = versions::<A>("o-1").await.swap_remove(1);
    let written = adapter.rows().write(&[older, new.clone()], None).await;
    let written: Vec<_> = written.into_iter().map(Result::unwrap).collect();
    assert_eq!(written, [Write::Superseded { version: 3 }, Write::Written]);
    assert_eq!(existing(adapter.rows(), &new.key).await, read_again(new));
}

/// No row replaces one with the same or a later version.
pub async fn a_row_never_goes_backwards<A: Adapter>(adapter: &A) {
    let versions = versions::<A>("o-1").await;
    let newest = versions[4].clone();
    write(adapter.rows(), &newest).await.unwrap();
    for row in &versions {
        assert_eq!(write(adapter.rows(), row).await.unwrap(), Write::Superseded { version: 5 });
    }
    assert_eq!(existing(adapter.rows(), &newest.key.clone()).await, read_again(newest));
}

/// A row of an older number is replaced by one that is folded as far, and by none that is not.
pub async fn a_row_of_an_older_number_is_replaced_at_the_same_version<A: Adapter>(adapter: &A) {
    let versions = versions::<A>("o-1").await;
    let (second, third) = (&versions[1], versions[2].clone());
    write(adapter.rows(), &third).await.unwrap();
    assert_eq!(existing(adapter.next_rows(), &third.key).await, Some(ExistingRow::Outdated));
    assert_eq!(write(adapter.next_rows(), second).await.unwrap(), Write::Behind { version: 3 });
    assert_eq!(existing(adapter.next_rows(), &third.key).await, Some(ExistingRow::Outdated));
    assert_eq!(write(adapter.next_rows(), &third).await.unwrap(), Write::Written);
    assert_eq!(existing(adapter.next_rows(), &third.key.clone()).await, read_again(third));
}

/// A row with a lower version replaces one of an older number if it is folded as far: later commits do not concern it.
pub async fn a_row_of_an_older_number_is_compared_with_the_position<A: Adapter>(adapter: &A) {
    let versions = versions::<A>("o-1").await;
    write(adapter.rows(), &versions[2]).await.unwrap();
    let row = NewRow { position: 3, ..versions[1].clone() };
    assert_eq!(write(adapter.next_rows(), &row).await.unwrap(), Write::Written);
    // Among rows of one number, the versions alone count.
    let older = NewRow { position: 9, ..versions[0].clone() };
    assert_eq!(write(adapter.next_rows(), &older).await.unwrap(), Write::Superseded { version: 2 });
    assert_eq!(existing(adapter.next_rows(), &row.key.clone()).await, read_again(row));
}

/// A release leaves the rows of a later release alone.
pub async fn a_row_of_a_newer_number_is_not_replaced<A: Adapter>(adapter: &A) {
    let versions = versions::<A>("o-1").await;
    let first = versions[0].clone();
    write(adapter.next_rows(), &first).await.unwrap();
    assert_eq!(existing(adapter.rows(), &first.key).await, Some(ExistingRow::Newer));
    assert_eq!(write(adapter.rows(), &versions[4]).await.unwrap(), Write::NewerProjection);
    assert_eq!(existing(adapter.next_rows(), &first.key.clone()).await, read_again(first));
}

/// A row whose write has not begun by the deadline is not written.
pub async fn no_row_is_begun_after_the_deadline<A: Adapter>(adapter: &A) {
    let rows = [placed::<A>("o-1", "c-1").await, placed::<A>("o-2", "c-2").await];
    let written = adapter.rows().write(&rows, Some(Instant::now())).await;
    assert!(matches!(written[..], [Err(RowError::OutOfTime), Err(RowError::OutOfTime)]), "{written:?}");
    for row in &rows {
        assert_eq!(existing(adapter.rows(), &row.key).await, None);
    }
}

/// The largest read returns every row.
pub async fn a_hundred_rows_are_read_at_once<A: Adapter>(adapter: &A) {
    let mut keys = Vec::new();
    for number in 0..MAX_KEYS {
        let row = placed::<A>(&format!("o-{number}"), "c-1").await;
        write(adapter.rows(), &row).await.unwrap();
        keys.push(row.key);
    }
    let read = adapter.rows().read(&keys).await.unwrap();
    assert_eq!((read.rows.len(), read.unread.len()), (keys.len(), 0));
}
