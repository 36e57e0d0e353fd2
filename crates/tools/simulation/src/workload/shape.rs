//! The shape of a history: everything that its plan decides before it begins.

use fastrand::Rng;

use crate::faults::fault::Fault;
use crate::faults::poison::Poison;
use crate::faults::strike::Rates;
use crate::workload::plan::Plan;

/// The past of a history's first order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// It has none.
    Fresh,
    /// It has a correction, a newer one, and more commits since than requests are remembered.
    Long,
    /// It has nearly as many ids as an order may have. It is the only order.
    Full,
}

impl Beginning {
    fn drawn(random: &mut Rng) -> Self {
        match random.u8(0..40) {
            0 => Self::Full,
            1 | 2 => Self::Long,
            _ => Self::Fresh,
        }
    }
}

/// What a plan makes of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Clients at work at once, 1 to 8.
    pub clients: u8,
    /// Orders they meet on: 1 to 4, or 6 to 8 where one customer has most of them.
    pub orders: u8,
    /// True if one customer has most of the orders.
    pub is_busy: bool,
    /// Commands that the seed makes, 5 to 60.
    pub commands: u8,
    /// Strikes on the networks: 5 to 30 percent of all requests.
    pub rates: Rates,
    /// Command handlers that are killed, in percent of invocations: 0 to 10.
    pub kills_percent: u8,
    /// Entries that the bus refuses, in percent: 0 to 40.
    pub refused_percent: u8,
    /// Commits that only a newer release can process, in percent: mostly 0.
    pub foreign_percent: u8,
    /// What these are to the older release.
    pub poison: Poison,
    /// Snapshots that are made useless, in percent: 0 to 40.
    pub snapshot_percent: u8,
    /// The past of the first order.
    pub beginning: Beginning,
    /// Whether an order is beyond 1 MB.
    pub has_large_order: bool,
    /// Whether the read model is rebuilt meanwhile.
    pub is_rebuilt: bool,
    /// Whether a newer release of the projection is deployed meanwhile.
    pub is_deployed: bool,
    /// Whether what was lost is made up for by a repair, and not by the order's next event.
    pub is_repaired: bool,
    /// True if rows lag by minutes meanwhile, and a verification looks at them.
    pub is_verified: bool,
    /// Records in batches that name no order, in percent: mostly 0.
    pub unaddressable_percent: u8,
}

impl Shape {
    /// What a plan makes.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self::drawn(plan, &mut Rng::with_seed(plan.seed))
    }

    /// What a plan makes, from the dice of its seed.
    pub(crate) fn drawn(plan: &Plan, random: &mut Rng) -> Self {
        // All is drawn, also what is left out: the rest of the history stays as it is.
        let faults = random.u8(5..=30);
        let before_percent = random.u8(0..=faults);
        let clients = random.u8(1..=8);
        let may = |fault| !plan.without.contains(&fault);
        let mut one_in = |n: u8, fault: Fault| random.u8(0..n) == 0 && may(fault);
        let (is_foreign, has_large_order) = (one_in(4, Fault::Poison), one_in(40, Fault::LargeStream));
        let (is_rebuilt, is_deployed) = (one_in(4, Fault::RacingRebuild), one_in(5, Fault::RollingDeploy));
        let is_busy = one_in(4, Fault::BusyCustomer);
        let (beginning, few, many) = (Beginning::drawn(random), random.u8(1..=4), random.u8(6..=8));
        let is_full = beginning == Beginning::Full;
        // Of a newer release's rows the older one's verification says nothing.
        let is_verified = late_dice(plan).u8(0..6) == 0 && may(Fault::LaggingRows) && !is_deployed;
        // From dice of their own: histories without them stay as they are.
        let has_strays = random.clone().u8(0..4) == 0 && may(Fault::UnaddressableRecord);
        let mut percent = |most: u8, fault: Fault| random.u8(0..=most) * u8::from(may(fault));
        Self {
            clients: plan.clients.map_or(clients, |most| clients.min(most).max(1)),
            refused_percent: percent(40, Fault::PartialPublication),
            kills_percent: percent(10, Fault::KilledFunction),
            snapshot_percent: percent(40, Fault::UnusableSnapshot),
            foreign_percent: if is_foreign { 10 } else { 0 },
            orders: if is_full {
                1
            } else if is_busy {
                many
            } else {
                few
            },
            is_busy: is_busy && !is_full,
            beginning,
            commands: random.u8(5..=60),
            rates: Rates { before_percent, after_percent: faults - before_percent },
            poison: random.choice(Poison::ALL).unwrap_or(Poison::UnknownType),
            // Its snapshots and padding together would be beyond what an item may have.
            has_large_order: has_large_order && !is_full,
            is_rebuilt,
            is_deployed,
            is_repaired: random.bool(),
            is_verified,
            unaddressable_percent: if has_strays { 8 } else { 0 },
        }
    }
}

/// Dice of their own for what came later: the histories before it stay as they are.
pub(crate) fn late_dice(plan: &Plan) -> Rng {
    Rng::with_seed(!plan.seed)
}
