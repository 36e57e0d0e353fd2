//! The status words, which are derived from figures and never stored in an event.
//!
//! They are total functions of plain figures, so that the state for decisions and a reader's row give the same word.
//! Sums are `u64`: 100 lines of at most 2^20 units stay below 2^27, and `decide` keeps amounts paid within 2^53.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// All words, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Parses the word on the wire.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|status| status.as_str() == word)
            }
        }
    };
}

words! {
    /// The status word for a customer.
    OrderStatus {
        /// The order was cancelled before anything was shipped.
        Cancelled = "cancelled",
        /// All units were returned.
        Returned = "returned",
        /// Some units were returned.
        PartiallyReturned = "partially_returned",
        /// All units arrived.
        Delivered = "delivered",
        /// All units are shipped.
        Shipped = "shipped",
        /// Some units are shipped.
        PartiallyShipped = "partially_shipped",
        /// All that was paid was refunded, and nothing was shipped.
        Refunded = "refunded",
        /// At least the amount due is paid.
        Paid = "paid",
        /// A part of the amount due is paid.
        PartiallyPaid = "partially_paid",
        /// Nothing has happened since the order was placed.
        Placed = "placed",
    }
}

words! {
    /// The status of an order's payment.
    PaymentStatus {
        /// More was paid than is due.
        CreditOwed = "credit_owed",
        /// All that was paid was refunded.
        Refunded = "refunded",
        /// Nothing is due: the order is cancelled, and nothing was refunded.
        Void = "void",
        /// The amount due is paid.
        Paid = "paid",
        /// The amount due is paid, and refunds lowered it.
        PartiallyRefunded = "partially_refunded",
        /// Something was paid, but less than the amount due.
        PartiallyPaid = "partially_paid",
        /// Nothing was paid.
        Unpaid = "unpaid",
    }
}

words! {
    /// The status of an order's fulfilment.
    FulfillmentStatus {
        /// All units ordered were returned.
        Returned = "returned",
        /// Some units were returned.
        PartiallyReturned = "partially_returned",
        /// All units arrived.
        Delivered = "delivered",
        /// All units are shipped.
        Shipped = "shipped",
        /// Some units are shipped.
        PartiallyShipped = "partially_shipped",
        /// Nothing was shipped.
        Unfulfilled = "unfulfilled",
    }
}

/// The figures that the payment status is derived from, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentFigures {
    /// The amount due.
    pub due: u64,
    /// The sum of the payments' amounts in force.
    pub paid: u64,
    /// The sum of the refunds.
    pub refunded: u64,
    /// The amount by which refunds lowered the amount due.
    pub forgiven: u64,
    /// True if the order was cancelled. Then nothing is due.
    pub cancelled: bool,
}

impl PaymentFigures {
    /// Returns payments less refunds.
    #[must_use]
    pub const fn net(self) -> u64 {
        self.paid.saturating_sub(self.refunded)
    }

    /// Returns the amount paid beyond the amount due. The shop owes it to the customer.
    #[must_use]
    pub const fn credit(self) -> u64 {
        self.net().saturating_sub(self.due)
    }

    /// Returns true if units may be shipped.
    #[must_use]
    pub const fn may_ship(self) -> bool {
        !self.cancelled && self.net() >= self.due
    }
}

impl PaymentStatus {
    /// Returns the first word that applies.
    #[must_use]
    pub const fn of(figures: PaymentFigures) -> Self {
        let PaymentFigures { due, paid: _, refunded, forgiven, cancelled } = figures;
        let net = figures.net();
        if net > due {
            Self::CreditOwed
        } else if cancelled {
            if refunded > 0 { Self::Refunded } else { Self::Void }
        } else if refunded > 0 && net == 0 && due > 0 {
            Self::Refunded
        } else if net == due {
            if forgiven > 0 { Self::PartiallyRefunded } else { Self::Paid }
        } else if net > 0 {
            Self::PartiallyPaid
        } else {
            Self::Unpaid
        }
    }
}

/// The figures that the fulfilment status is derived from: units over all lines. Sums are enough, because each line
/// satisfies returned <= shipped <= ordered - cancelled: two sums are equal only if they are equal on every line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FulfillmentFigures {
    /// Units ordered and not cancelled.
    pub ordered: u64,
    /// Units shipped, including units returned later.
    pub shipped: u64,
    /// Units returned.
    pub returned: u64,
    /// True if a shipment has not arrived yet.
    pub any_undelivered: bool,
}

impl FulfillmentFigures {
    /// Returns the units still to be shipped; 0 once the order is cancelled. A return does not change it, so that it
    /// never hides remaining work.
    #[must_use]
    pub const fn units_to_ship(self, cancelled: bool) -> u64 {
        if cancelled { 0 } else { self.ordered.saturating_sub(self.shipped) }
    }
}

impl FulfillmentStatus {
    /// Returns the first word that applies.
    #[must_use]
    pub const fn of(figures: FulfillmentFigures) -> Self {
        let FulfillmentFigures { ordered, shipped, returned, any_undelivered } = figures;
        if ordered == 0 {
            Self::Unfulfilled
        } else if returned > 0 {
            if returned >= ordered { Self::Returned } else { Self::PartiallyReturned }
        } else if shipped == 0 {
            Self::Unfulfilled
        } else if shipped < ordered {
            Self::PartiallyShipped
        } else if any_undelivered {
            Self::Shipped
        } else {
            Self::Delivered
        }
    }
}

impl OrderStatus {
    /// Returns true for the words after which nothing more is shipped: the order was cancelled, refunded, delivered or
    /// returned as a whole. Money can still be due or owed.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        match self {
            Self::Cancelled | Self::Returned | Self::Delivered | Self::Refunded => true,
            Self::PartiallyReturned
            | Self::Shipped
            | Self::PartiallyShipped
            | Self::Paid
            | Self::PartiallyPaid
            | Self::Placed => false,
        }
    }

    /// Returns the first word that applies: a cancellation, then the progress of the fulfilment, then the progress of
    /// the payment.
    #[must_use]
    pub const fn of(cancelled: bool, payment: PaymentStatus, fulfillment: FulfillmentStatus) -> Self {
        if cancelled {
            return Self::Cancelled;
        }
        match fulfillment {
            FulfillmentStatus::Returned => Self::Returned,
            FulfillmentStatus::PartiallyReturned => Self::PartiallyReturned,
            FulfillmentStatus::Delivered => Self::Delivered,
            FulfillmentStatus::Shipped => Self::Shipped,
            FulfillmentStatus::PartiallyShipped => Self::PartiallyShipped,
            FulfillmentStatus::Unfulfilled => match payment {
                PaymentStatus::Refunded => Self::Refunded,
                PaymentStatus::Paid | PaymentStatus::CreditOwed | PaymentStatus::PartiallyRefunded => Self::Paid,
                PaymentStatus::PartiallyPaid => Self::PartiallyPaid,
                PaymentStatus::Void | PaymentStatus::Unpaid => Self::Placed,
            },
        }
    }
}
