//! The audit's assumptions about stored rows.

use std::collections::{BTreeMap, BTreeSet};

use read_models::{EventsTable, Projection, RowImage, RowImages, RowKey, Segment, Write, row_attributes};
use serde_json::json;

use super::{Adapter, placed, versions, write};

async fn image<A: Adapter>(adapter: &A, key: &RowKey) -> Option<<A::Rows as RowImages<A::Current>>::Image> {
    adapter.rows().images(std::slice::from_ref(key)).await.unwrap().remove(key)
}

/// The attributes of a stored row are exactly those that `row_attributes` returns.
pub async fn an_image_has_the_stamp_and_the_attributes_of_its_row<A: Adapter>(adapter: &A) {
    let row = versions::<A>("o-1").await.swap_remove(2);
    assert_eq!(image(adapter, &row.key).await, None);
    assert_eq!(write(adapter.rows(), &row).await.unwrap(), Write::Written);
    let image = image(adapter, &row.key).await.unwrap();
    assert_eq!((image.version(), image.projection()), (3, u64::from(A::Current::NUMBER)));
    let (mut attributes, names) = (image.attributes(), A::Current::KEY);
    assert_eq!(attributes, row_attributes::<A::Current>(&row.key, 3, &row.row).unwrap());
    let own = serde_json::to_value(&row.row).unwrap();
    for (name, value) in own.as_object().unwrap() {
        assert_eq!(attributes.get(name), Some(value), "{name}");
    }
    assert_eq!(attributes.remove(names.partition), Some(json!(row.key.partition)));
    assert_eq!(attributes.remove(names.sort), Some(json!(row.key.sort)));
    assert_eq!(attributes.remove("version"), Some(json!(3)));
    assert_eq!(attributes.remove("projection"), Some(json!(A::Current::NUMBER)));
    for (name, value) in attributes {
        assert_eq!(own.get(&name), Some(&value), "{name}");
    }
}

/// A replacement changes nothing unless the stored row is the one that was read. It may take a row back.
pub async fn a_row_is_replaced_only_where_it_is_unchanged<A: Adapter>(adapter: &A) {
    let (rows, versions) = (adapter.rows(), versions::<A>("o-1").await);
    let (first, third, fifth) = (&versions[0], &versions[2], &versions[4]);
    let key = &first.key;
    assert!(rows.replace(key, None, 3, &third.row).await.unwrap());
    assert!(!rows.replace(key, None, 5, &fifth.row).await.unwrap(), "a row is stored");
    let was = image(adapter, key).await.unwrap();
    assert!(rows.replace(key, Some(&was), 5, &fifth.row).await.unwrap());
    assert!(!rows.replace(key, Some(&was), 1, &first.row).await.unwrap(), "the row has changed");
    let was = image(adapter, key).await.unwrap();
    assert_eq!(was.version(), 5);
    assert!(rows.replace(key, Some(&was), 1, &first.row).await.unwrap(), "a repair may take a row back");
    assert_eq!(image(adapter, key).await.unwrap().version(), 1);
}

/// A deletion changes nothing unless the stored row is the one that was read.
pub async fn a_row_is_deleted_only_where_it_is_unchanged<A: Adapter>(adapter: &A) {
    let (rows, versions) = (adapter.rows(), versions::<A>("o-1").await);
    let (third, fifth) = (&versions[2], &versions[4]);
    let key = &third.key;
    assert!(rows.replace(key, None, 3, &third.row).await.unwrap());
    let was = image(adapter, key).await.unwrap();
    assert!(rows.replace(key, Some(&was), 5, &fifth.row).await.unwrap());
    assert!(!rows.delete(key, &was).await.unwrap(), "the row has changed");
    let was = image(adapter, key).await.unwrap();
    assert!(rows.delete(key, &was).await.unwrap());
    assert_eq!(image(adapter, key).await, None);
    assert!(!rows.delete(key, &was).await.unwrap(), "no row is stored");
}

/// The pages of all segments together have every row once, whatever the number of segments and the limit.
pub async fn the_segments_of_a_scan_have_every_row_once<A: Adapter>(adapter: &A) {
    let written = orders_of_three_customers(adapter).await;
    for (segments, limit) in [(1, None), (1, Some(3)), (3, Some(2))] {
        let mut read = BTreeMap::<RowKey, usize>::new();
        for number in 0..segments {
            let scanned = scan(adapter, Segment { number, of: segments }, limit).await;
            scanned.into_iter().for_each(|key| *read.entry(key).or_default() += 1);
        }
        assert!(read.values().all(|times| *times == 1), "{read:?}");
        assert_eq!(read.into_keys().collect::<BTreeSet<_>>(), written);
    }
}

/// The rows of a partition follow each other in one segment. So a partition is complete where another one begins.
pub async fn the_rows_of_a_partition_are_adjacent_in_one_segment<A: Adapter>(adapter: &A) {
    let written = orders_of_three_customers(adapter).await;
    for (segments, limit) in [(1, None), (3, Some(2))] {
        let mut begun = Vec::new();
        for number in 0..segments {
            let scanned = scan(adapter, Segment { number, of: segments }, limit).await;
            let mut partitions: Vec<_> = scanned.into_iter().map(|key| key.partition).collect();
            partitions.dedup();
            begun.extend(partitions);
        }
        begun.sort();
        let once: BTreeSet<_> = written.iter().map(|key| key.partition.clone()).collect();
        assert_eq!(begun, once.into_iter().collect::<Vec<_>>());
    }
}

/// The events table is recorded beside the rows, and is no row.
pub async fn rows_remember_their_events_table_and_no_scan_shows_it<A: Adapter>(adapter: &A) {
    let rows = adapter.rows();
    assert_eq!(rows.events_table().await.unwrap(), None);
    for id in ["first", "second"] {
        let events = EventsTable { id: id.to_owned(), name: "OrderEvents".to_owned() };
        rows.remember_events_table(&events).await.unwrap();
        assert_eq!(rows.events_table().await.unwrap(), Some(events));
    }
    assert!(rows.scan(Segment::WHOLE, None, None).await.unwrap().rows.is_empty());
}

/// Stores the rows of nine orders and returns their keys. The orders of the three customers alternate.
async fn orders_of_three_customers<A: Adapter>(adapter: &A) -> BTreeSet<RowKey> {
    let mut written = BTreeSet::new();
    for number in 0..9 {
        let row = placed::<A>(&format!("o-{number}"), &format!("c-{}", number % 3)).await;
        assert!(adapter.rows().replace(&row.key, None, 1, &row.row).await.unwrap());
        written.insert(row.key);
    }
    written
}

/// Returns the keys of a segment's rows, from all of its pages.
async fn scan<A: Adapter>(adapter: &A, segment: Segment, limit: Option<u32>) -> Vec<RowKey> {
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = adapter.rows().scan(segment, after.as_ref(), limit).await.unwrap();
        assert!(limit.is_none_or(|limit| page.rows.len() <= usize::try_from(limit).unwrap()));
        keys.extend(page.rows.into_iter().map(|(key, _)| key));
        after = page.next;
        if after.is_none() {
            return keys;
        }
    }
}
