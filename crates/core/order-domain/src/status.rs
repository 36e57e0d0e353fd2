//! The words derived from figures; never stored in an event.
//!
//! They are total functions of plain figures, so that the decisions' state and a reader's row say the same word.
//! Sums are `u64`: 100 lines of at most 2^20 units stay below 2^27, and amounts paid within 2^53 (`decide`).

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every word, in the order in which it is declared.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads the word on the wire.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|status| status.as_str() == word)
            }
        }
    };
}

words! {
    /// The one word for a customer.
    OrderStatus {
        /// Cancelled before anything was shipped.
        Cancelled = "cancelled",
        /// Everything came back.
        Returned = "returned",
        /// Something came back.
        PartiallyReturned = "partially_returned",
        /// Everything arrived.
        Delivered = "delivered",
        /// Everything is on its way.
        Shipped = "shipped",
        /// Something is on its way.
        PartiallyShipped = "partially_shipped",
        /// Everything paid was given back, and nothing was shipped.
        Refunded = "refunded",
        /// The amount due is paid, or more.
        Paid = "paid",
        /// Paid in part.
        PartiallyPaid = "partially_paid",
        /// Nothing has happened yet.
        Placed = "placed",
    }
}

words! {
    /// Where an order's payment stands.
    PaymentStatus {
        /// More was paid than is due.
        CreditOwed = "credit_owed",
        /// Everything paid was given back.
        Refunded = "refunded",
        /// Nothing is due: cancelled, and nothing was given back.
        Void = "void",
        /// The amount due is paid.
        Paid = "paid",
        /// The amount due is paid, and refunds lowered it.
        PartiallyRefunded = "partially_refunded",
        /// Something was paid, and less than is due.
        PartiallyPaid = "partially_paid",
        /// Nothing was paid.
        Unpaid = "unpaid",
    }
}

words! {
    /// Where an order's fulfilment stands.
    FulfillmentStatus {
        /// Everything ordered came back.
        Returned = "returned",
        /// Something came back.
        PartiallyReturned = "partially_returned",
        /// Everything arrived.
        Delivered = "delivered",
        /// Everything is on its way.
        Shipped = "shipped",
        /// Something is on its way.
        PartiallyShipped = "partially_shipped",
        /// Nothing was shipped.
        Unfulfilled = "unfulfilled",
    }
}

/// What the payment status is derived from, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentFigures {
    /// The amount due.
    pub due: u64,
    /// The sum of the payments' amounts in force.
    pub paid: u64,
    /// The sum of the refunds.
    pub refunded: u64,
    /// The amount by which refunds lowered what is due.
    pub forgiven: u64,
    /// True if the order was cancelled: then nothing is due.
    pub cancelled: bool,
}

impl PaymentFigures {
    /// Payments less refunds.
    #[must_use]
    pub const fn net(self) -> u64 {
        self.paid.saturating_sub(self.refunded)
    }

    /// The amount paid beyond what is due: to be given back.
    #[must_use]
    pub const fn credit(self) -> u64 {
        self.net().saturating_sub(self.due)
    }

    /// True if units may be shipped.
    #[must_use]
    pub const fn may_ship(self) -> bool {
        !self.cancelled && self.net() >= self.due
    }
}

impl PaymentStatus {
    /// The first word that holds.
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

/// What the fulfilment status is derived from: units over all lines. Sums suffice, because of each line
/// returned <= shipped <= ordered - cancelled: the sums are equal only where every line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FulfillmentFigures {
    /// Units ordered and not cancelled.
    pub ordered: u64,
    /// Units shipped, whether or not they came back.
    pub shipped: u64,
    /// Units that came back.
    pub returned: u64,
    /// Whether a shipment has not arrived yet.
    pub any_undelivered: bool,
}

impl FulfillmentFigures {
    /// The units still to be shipped; 0 once the order is cancelled. A return does not change it: the work that is left
    /// is never hidden.
    #[must_use]
    pub const fn units_to_ship(self, cancelled: bool) -> u64 {
        if cancelled { 0 } else { self.ordered.saturating_sub(self.shipped) }
    }
}

impl FulfillmentStatus {
    /// The first word that holds.
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
    /// The first word that holds: a cancellation, then how far fulfilment has come, then how far payment has.
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
