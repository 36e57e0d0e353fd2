//! Commits page by page, up to the first that cannot be read.

use event_store::{EventStore, StoreError};

use crate::Store;
use crate::as_of::unreadable_from_version_11;
use crate::ledger::{Ledger, fill};

/// Returns the versions of a page, the version of the unreadable commit, and true if more commits follow.
async fn page(store: &impl Store, after: u64, limit: usize) -> (Vec<u64>, Option<u64>, bool) {
    let page = EventStore::<Ledger>::page(store, "a1", after, limit).await.unwrap();
    let unreadable = page.unreadable.map(|error| {
        let StoreError::Unreadable { version, .. } = error else { panic!("{error:?}") };
        version
    });
    (page.commits.iter().map(|commit| commit.version).collect(), unreadable, page.has_more)
}

pub(crate) async fn a_page_says_whether_another_follows(store: &impl Store) {
    fill(store, "a1", 1..=5).await;
    assert_eq!(page(store, 0, 2).await, (vec![1, 2], None, true));
    assert_eq!(page(store, 2, 3).await, (vec![3, 4, 5], None, false));
    assert_eq!(page(store, 4, 10).await, (vec![5], None, false));
    assert_eq!(page(store, 5, 2).await, (vec![], None, false));
    assert_eq!(page(store, u64::MAX, 2).await, (vec![], None, false));
    assert_eq!(page(store, 0, 0).await, (vec![], None, true));
    assert_eq!(page(store, 0, usize::MAX).await, (vec![1, 2, 3, 4, 5], None, false));
}

pub(crate) async fn a_page_ends_before_a_commit_that_cannot_be_read(store: &impl Store) {
    unreadable_from_version_11(store).await;
    assert_eq!(page(store, 6, 3).await, (vec![7, 8, 9], None, true));
    assert_eq!(page(store, 7, 3).await, (vec![8, 9, 10], None, true), "the commit after the page is not read");
    assert_eq!(page(store, 8, 3).await, (vec![9, 10], Some(11), true));
    assert_eq!(page(store, 10, 3).await, (vec![], Some(11), true));
    assert_eq!(page(store, 11, 3).await, (vec![12, 13, 14], None, true));
}

pub(crate) async fn commits_are_all_read_or_an_error(store: &impl Store) {
    unreadable_from_version_11(store).await;
    let refused = EventStore::<Ledger>::commits(store, "a1", 8, Some(4)).await;
    assert!(matches!(refused, Err(StoreError::Unreadable { version: 11, .. })), "{refused:?}");
    assert_eq!(EventStore::<Ledger>::commits(store, "a1", 8, Some(2)).await.unwrap().len(), 2);
}
