//! The shape of a history: everything that its plan decides before it begins.

use fastrand::Rng;
use parked_orders::Consumer;
use read_models::Projection;

use crate::faults::fault::Fault;
use crate::faults::strike::Rates;
use crate::faults::tampering::Poison;
use crate::workload::plan::Plan;
use crate::world::next_summary::NextSummary;

/// Eventually consistent reads of a replica that lags, in percent.
const LAGGING_PERCENT: u8 = 40;

/// The past of a history's first order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// No past.
    Fresh,
    /// A correction, a newer one, and more commits after them than requests are remembered.
    Long,
    /// Almost as many ids as an order may have. The history has no other order.
    Full,
}

/// The shape of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Clients that work at once, 1 to 8.
    pub clients: u8,
    /// Orders that they share: 1 to 4, or 6 to 8 with a busy customer.
    pub orders: u8,
    /// True if one customer has most of the orders.
    pub is_busy: bool,
    /// Commands that the seed makes, 5 to 60.
    pub commands: u8,
    /// Strikes on the networks: 5 to 30 percent of all requests. Replicas that lag: the same share in every history.
    pub rates: Rates,
    /// Command handlers that are killed, in percent of invocations: 0 to 10.
    pub kills_percent: u8,
    /// Entries that the bus rejects, in percent: 0 to 40.
    pub refused_percent: u8,
    /// Commits that only a newer release can process, in percent: mostly 0.
    pub foreign_percent: u8,
    /// The kind of these commits for the older release.
    pub poison: Poison,
    /// Snapshots that are made unusable, in percent: 0 to 40.
    pub snapshot_percent: u8,
    /// The past of the first order.
    pub beginning: Beginning,
    /// True if an order exceeds 1 MB.
    pub has_large_order: bool,
    /// True if the read models are rebuilt beside live writes.
    pub is_rebuilt: bool,
    /// True if a newer release of the projection is deployed beside live writes.
    pub is_deployed: bool,
    /// True if a repair heals rows that lost records, and not the order's next event.
    pub is_repaired: bool,
    /// True if rows lag by minutes while a verification compares them.
    pub is_verified: bool,
    /// Unaddressable records in batches, in percent: mostly 0.
    pub unaddressable_percent: u8,
}

impl Shape {
    /// Returns true if the deployed release has another projection of a read model, whose rows this release does not fold.
    #[must_use]
    pub fn replaces(&self, consumer: &Consumer) -> bool {
        self.is_deployed && consumer.as_str() == NextSummary::NAME
    }

    /// The shape that a plan gives.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self::drawn(plan, &mut Rng::with_seed(plan.seed))
    }

    /// Draws the shape of a plan from the generator of its seed.
    pub(crate) fn drawn(plan: &Plan, random: &mut Rng) -> Self {
        // Left-out faults are drawn too, so that the rest of the history stays the same.
        let faults = random.u8(5..=30);
        let before_percent = random.u8(0..=faults);
        let clients = random.u8(1..=8);
        let may = |fault| !plan.without.contains(&fault);
        let mut one_in = |n: u8, fault: Fault| random.u8(0..n) == 0 && may(fault);
        let (is_foreign, has_large_order) = (one_in(4, Fault::Poison), one_in(40, Fault::LargeStream));
        let (is_rebuilt, is_deployed) = (one_in(4, Fault::RacingRebuild), one_in(5, Fault::RollingDeploy));
        let is_busy = one_in(4, Fault::BusyCustomer);
        let beginning = match random.u8(0..40) {
            0 => Beginning::Full,
            1 | 2 => Beginning::Long,
            _ => Beginning::Fresh,
        };
        let (few, many) = (random.u8(1..=4), random.u8(6..=8));
        let is_full = beginning == Beginning::Full;
        // A verification of the older release does not compare rows of a newer one.
        let is_verified = late_dice(plan).u8(0..6) == 0 && may(Fault::LaggingRows) && !is_deployed;
        // Drawn from a copy of the generator, so that histories without them stay the same.
        let has_unaddressable = random.clone().u8(0..4) == 0 && may(Fault::UnaddressableRecord);
        let mut percent = |most: u8, fault: Fault| random.u8(0..=most) * u8::from(may(fault));
        Self {
            clients: plan.clients.map_or(clients, |most| clients.min(most).max(1)),
            refused_percent: percent(40, Fault::PartialPublication),
            kills_percent: percent(10, Fault::KilledFunction),
            snapshot_percent: percent(40, Fault::UnusableSnapshot),
            foreign_percent: if is_foreign { 10 } else { 0 },
            orders: match (is_full, is_busy) {
                (true, _) => 1,
                (false, true) => many,
                (false, false) => few,
            },
            is_busy: is_busy && !is_full,
            beginning,
            commands: random.u8(5..=60),
            rates: Rates { before_percent, after_percent: faults - before_percent, lagging_percent: LAGGING_PERCENT },
            poison: random.choice(Poison::ALL).unwrap_or(Poison::UnknownType),
            // Its snapshots and padding together would exceed the limit of an item.
            has_large_order: has_large_order && !is_full,
            is_rebuilt,
            is_deployed,
            is_repaired: random.bool(),
            is_verified,
            unaddressable_percent: if has_unaddressable { 8 } else { 0 },
        }
    }
}

/// A second generator for features that were added later, so that older histories stay the same.
pub(crate) fn late_dice(plan: &Plan) -> Rng {
    Rng::with_seed(!plan.seed)
}
