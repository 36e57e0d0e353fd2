//! The state inside stored commits: its shape, the result of folding a whole life, and its size.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use order_domain::command::{OrderItem, PlaceOrder};
use order_domain::event::{ItemShipped, OrderPlaced};
use order_domain::values::Reference;
use order_domain::{Event, Order};

use crate::example::*;
use crate::harness::order_after;

/// Returns every kind of event for an order of three items, with names and numbers of a usual length.
fn whole_life() -> Vec<Event> {
    let names =
        [("SKU-100001", "Blue coffee mug."), ("SKU-100002", "Large teapot 2 l"), ("SKU-100003", "Wooden spoon set")];
    let items = names.map(|(id, name)| OrderItem {
        sku: sku(id),
        name: Some(text(name)),
        quantity: quantity(2),
        unit_price: amount(1999),
    });
    let PlaceOrder { customer_id, currency, shipping, tax, discount, metadata, .. } = place_order();
    let total = amount(6 * 1999 + 490 + 10 - 100);
    let reference = Some(Reference::parse("Shop order 20261129-00042").unwrap());
    let (items, quote) = (items.to_vec(), None);
    let placed =
        OrderPlaced { customer_id, currency, items, shipping, tax, discount, total, reference, metadata, quote };
    let shipment = |id: &str, name: &str| {
        Event::ItemShipped(ItemShipped {
            shipment_id: shipment_id(id),
            items: crate::example::items([(name, 2)]),
            carrier: Some(text("DHL Express")),
            tracking_number: Some(text("JD014600004321")),
        })
    };
    vec![
        Event::OrderPlaced(placed),
        received("pay-1", 12_349),
        corrected("pay-1", 2, 12_349, 12_394),
        shipment("ship-1", "SKU-100001"),
        shipment("ship-2", "SKU-100002"),
        shipment("ship-3", "SKU-100003"),
        delivered("ship-1"),
        delivered("ship-2"),
        delivered("ship-3"),
        returned("return-1", [("SKU-100002", 1)]),
        refunded("refund-1", "pay-1", 1999, (1999, 10_395)),
    ]
}

fn hex(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        let end = if index % 40 == 39 { "\n" } else { "" };
        write!(hex, "{byte:02x}{end}").unwrap();
    }
    hex
}

#[test]
fn a_change_of_the_states_shape_or_of_the_fold_raises_its_schema_number() {
    let life: Vec<Event> = whole_life();
    let also_cancelled: Vec<Event> =
        vec![placed(), received("p1", 1), items_cancelled("x1", [("mug", 1)], (978, TOTAL - 978)), cancelled()];
    let found: Vec<String> =
        [life, also_cancelled].iter().map(|life| hex(&rmp_serde::to_vec(&order_after(life)).unwrap())).collect();
    let found = found.join("\n\n");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("goldens/state/v{}.hex", Order::SCHEMA));
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        found,
        golden.trim(),
        "snapshots taken before this change would be misread: raise Order::SCHEMA, and keep the new state as {}",
        path.display()
    );
}

#[test]
fn the_state_of_a_whole_life_stays_small() {
    let size = rmp_serde::to_vec(&order_after(&whole_life())).unwrap().len();
    assert!(size <= 320, "{size} bytes");
}
