//! Reads of many items by key.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use crate::{TableError, backoff};

/// An item, or a key, as the SDK represents it.
pub type SdkItem = HashMap<String, AttributeValue>;

/// The largest number of keys of one `BatchGetItem`.
const MAX_KEYS: usize = 100;
/// The largest number of reads of keys that DynamoDB leaves unprocessed. The SDK does not retry these, because the call
/// succeeded.
const MAX_READS: u32 = 6;
/// The longest pause before the second of these reads, in milliseconds; it doubles with each further one.
const FIRST_PAUSE_MS: u64 = 25;

/// The consistency of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// The read sees every write before it.
    Strong,
    /// Each item is as it is now, or as it was a moment ago. Such a read costs half.
    Eventual,
}

/// Reads items by key. Returns the items found, and the keys that DynamoDB left unprocessed at
/// every read because the table is too busy.
///
/// # Errors
/// Returns the error of the first call that fails.
pub async fn batch_get(
    client: &Client,
    table: &str,
    keys: &[SdkItem],
    consistency: Consistency,
) -> Result<(Vec<SdkItem>, Vec<SdkItem>), TableError> {
    let (mut items, mut unprocessed) = (Vec::new(), Vec::new());
    for keys in keys.chunks(MAX_KEYS) {
        let mut unread = keys.to_vec();
        for attempt in 1..=MAX_READS {
            if attempt > 1 {
                backoff(attempt, FIRST_PAUSE_MS, u64::MAX).await;
            }
            let is_strong = consistency == Consistency::Strong;
            let request = KeysAndAttributes::builder().set_keys(Some(unread)).consistent_read(is_strong).build();
            let request = request.map_err(|error| TableError::refused("BatchGetItem", error))?;
            // Boxed: the future of a call has several KB, and each future that contains it would be moved with them.
            let output = Box::pin(client.batch_get_item().request_items(table, request).send()).await;
            let output = output.map_err(|error| TableError::of("BatchGetItem", error))?;
            items.extend(output.responses.unwrap_or_default().into_values().flatten());
            unread = output.unprocessed_keys.unwrap_or_default().into_values().flat_map(|left| left.keys).collect();
            if unread.is_empty() {
                break;
            }
        }
        unprocessed.extend(unread);
    }
    Ok((items, unprocessed))
}
