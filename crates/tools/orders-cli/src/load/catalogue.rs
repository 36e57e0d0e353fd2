//! The products, currencies and carriers of a small shop, from which a load is generated.

/// A product for sale.
pub(crate) struct Product {
    pub(crate) sku: &'static str,
    pub(crate) name: &'static str,
    /// The price in minor units of the order's currency.
    pub(crate) unit_price: u64,
}

/// The products of the shop.
pub(crate) const PRODUCTS: [Product; 12] = [
    product("TEA-ASSAM-500", "Assam tea, 500 g", 1499),
    product("TEA-SENCHA-100", "Sencha 煎茶, 100 g", 1290),
    product("COFFEE-ETH-250", "Coffee, Ethiopia, 250 g", 1190),
    product("COFFEE-COL-1000", "Coffee, Colombia, 1 kg", 2950),
    product("CUP-WHITE-2", "Two white cups", 1800),
    product("POT-IRON", "Cast-iron pot", 6400),
    product("KETTLE-17", "Kettle, 1.7 l", 4995),
    product("GRINDER-HAND", "Hand grinder", 8900),
    product("FILTER-100", "Paper filters, 100", 399),
    product("SCALE-01", "Kitchen scale", 2495),
    product("HONEY-500", "Miel de châtaignier, 500 g", 1150),
    product("GIFT-BOX", "Gift box", 350),
];

const fn product(sku: &'static str, name: &'static str, unit_price: u64) -> Product {
    Product { sku, name, unit_price }
}

/// Currencies with two decimals each, so that the prices above are realistic.
pub(crate) const CURRENCIES: [&str; 4] = ["EUR", "EUR", "USD", "GBP"];

/// Payment methods.
pub(crate) const METHODS: [&str; 4] = ["card", "paypal", "sepa", "invoice"];

/// Carriers of shipments.
pub(crate) const CARRIERS: [&str; 3] = ["DHL", "UPS", "La Poste"];
