//! Tells whether an id is used again with the same data, in 8 bytes instead of the data.
//!
//! A fingerprint is part of the stored state: what goes into it, and how, changes only with
//! [`Order::SCHEMA`](crate::Order::SCHEMA).

use serde::{Deserialize, Serialize};

use crate::event::{ItemQuantity, ItemReturned, ItemShipped, PaymentRefunded};
use crate::values::Text;

/// FNV-1a of the data's fields. Two requests under one id differ by accident or not at all: nobody gains by
/// forging a match, which only leaves his own second request unrecorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fingerprint(u64);

/// Bytes that never occur in UTF-8, so that no two lists of fields run together into the same bytes.
const END: u8 = 0xFF;
const ABSENT: u8 = 0xFE;

impl Fingerprint {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes()).bytes(&[END])
    }

    fn optional(self, text: Option<&Text>) -> Self {
        match text {
            Some(text) => self.text(text.as_str()),
            None => self.bytes(&[ABSENT]),
        }
    }

    fn items(self, items: &[ItemQuantity]) -> Self {
        let items = items.iter();
        items.fold(self, |hash, item| hash.text(item.sku.as_str()).number(item.quantity.get().into())).bytes(&[END])
    }
}

impl From<&PaymentRefunded> for Fingerprint {
    fn from(event: &PaymentRefunded) -> Self {
        let PaymentRefunded { refund_id: _, payment_id, amount, reason } = event;
        Self::new().text(payment_id.as_str()).number(amount.minor_units()).optional(reason.as_ref())
    }
}

impl From<&ItemShipped> for Fingerprint {
    fn from(event: &ItemShipped) -> Self {
        let ItemShipped { shipment_id: _, items, carrier, tracking_number } = event;
        Self::new().items(items).optional(carrier.as_ref()).optional(tracking_number.as_ref())
    }
}

impl From<&ItemReturned> for Fingerprint {
    fn from(event: &ItemReturned) -> Self {
        let ItemReturned { return_id: _, items, reason } = event;
        Self::new().items(items).optional(reason.as_ref())
    }
}
