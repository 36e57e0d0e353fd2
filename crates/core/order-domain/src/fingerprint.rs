//! Detects whether an id is used again with the same data, in 4 bytes instead of the data.
//!
//! A fingerprint is part of the stored state. Change its content or its algorithm only together with
//! [`Order::SCHEMA`](crate::Order::SCHEMA).

use serde::{Deserialize, Serialize};

use crate::event::{ItemQuantity, ItemReturned, ItemShipped, ItemsCancelled, PaymentCorrected, PaymentRefunded};
use crate::values::{ReasonCode, Text};

/// FNV-1a of the data's fields, folded to 32 bits. Two requests with one id and different data are an accident, and one
/// such accident in four billion is not detected. A forged match does not help a caller: it only leaves the caller's
/// own second request unrecorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fingerprint(u32);

/// The fields hashed so far.
struct Fields(u64);

/// A byte that never occurs in UTF-8. It separates the fields, so two different lists never hash the same bytes.
const END: u8 = 0xFF;
const ABSENT: u8 = 0xFE;

impl Fields {
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

    fn optional(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(text),
            None => self.bytes(&[ABSENT]),
        }
    }

    fn reason(self, reason: Option<&Text>, code: Option<&ReasonCode>) -> Self {
        self.optional(reason.map(Text::as_str)).optional(code.map(ReasonCode::as_str))
    }

    /// Hashes the items independently of their order: sorted by sku, and each sku is listed once.
    fn items(self, items: &[ItemQuantity]) -> Self {
        let mut sorted: Vec<_> = items.iter().collect();
        sorted.sort_unstable_by(|left, right| left.sku.cmp(&right.sku));
        let sorted = sorted.into_iter();
        sorted.fold(self, |hash, item| hash.text(item.sku.as_str()).number(item.quantity.get().into())).bytes(&[END])
    }

    #[expect(clippy::cast_possible_truncation, reason = "the upper half is folded into the lower one")]
    const fn fingerprint(self) -> Fingerprint {
        Fingerprint((self.0 ^ (self.0 >> 32)) as u32)
    }
}

impl From<&PaymentCorrected> for Fingerprint {
    fn from(event: &PaymentCorrected) -> Self {
        let PaymentCorrected {
            correction_id: _,
            payment_id,
            corrects_event_id: _,
            previous_amount: _,
            corrected_amount,
            due: _,
            reason,
            reason_code,
        } = event;
        let hash = Fields::new().text(payment_id.as_str()).number(corrected_amount.minor_units());
        hash.reason(Some(reason), reason_code.as_ref()).fingerprint()
    }
}

/// Leaves out the reduction, which a command can leave to the rules. It is compared separately.
impl From<&PaymentRefunded> for Fingerprint {
    fn from(event: &PaymentRefunded) -> Self {
        let PaymentRefunded { refund_id: _, payment_id, amount, reduction: _, due: _, reason, reason_code } = event;
        let hash = Fields::new().text(payment_id.as_str()).number(amount.minor_units());
        hash.reason(reason.as_ref(), reason_code.as_ref()).fingerprint()
    }
}

impl From<&ItemShipped> for Fingerprint {
    fn from(event: &ItemShipped) -> Self {
        let ItemShipped { shipment_id: _, items, carrier, tracking_number } = event;
        let hash = Fields::new().items(items).optional(carrier.as_ref().map(Text::as_str));
        hash.optional(tracking_number.as_ref().map(Text::as_str)).fingerprint()
    }
}

impl From<&ItemReturned> for Fingerprint {
    fn from(event: &ItemReturned) -> Self {
        let ItemReturned { return_id: _, items, reason, reason_code } = event;
        Fields::new().items(items).reason(reason.as_ref(), reason_code.as_ref()).fingerprint()
    }
}

/// Leaves out the reduction, as for a refund.
impl From<&ItemsCancelled> for Fingerprint {
    fn from(event: &ItemsCancelled) -> Self {
        let ItemsCancelled { cancellation_id: _, items, reduction: _, due: _, reason, reason_code } = event;
        Fields::new().items(items).reason(Some(reason), reason_code.as_ref()).fingerprint()
    }
}
