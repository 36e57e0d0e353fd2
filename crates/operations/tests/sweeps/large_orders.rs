//! Orders that span more than one page of a sweep.

use serde_json::json;
use test_support::recorded::{Recorded, second};

/// Records four orders of six versions, too large for two pages.
pub(crate) async fn large_orders(recorded: &Recorded) {
    for order in 0..4 {
        recorded.paid(&format!("o-{order}"), [second(0), second(1)]).await;
        for payment in 0..4 {
            let method = "m".repeat(60);
            let payments: Vec<_> = (0..700)
                .map(|part| {
                    let id = format!("p-{payment}-{part}");
                    ("PaymentReceived", json!({ "paymentId": id, "amount": 1, "method": method }))
                })
                .collect();
            recorded.record(&format!("o-{order}"), second(2 + payment), &payments).await;
        }
    }
}
