//! A clock that jumps an hour either way, or stands still.

use fastrand::Rng;

use crate::faults::fault::{Fault, Faults};
use crate::world::clock;

const HOUR_MS: i64 = 3_600_000;

/// Sometimes moves, stops or corrects this thread's clock.
pub(crate) fn disturb(random: &mut Rng, faults: &Faults) {
    let drawn = random.u8(0..20);
    if drawn > 2 || !faults.may(Fault::WrongClock) {
        return;
    }
    let before = (clock::now(), clock::is_stopped());
    match drawn {
        0 => clock::skew(if random.bool() { HOUR_MS } else { -HOUR_MS }),
        1 => clock::stop(),
        _ => return clock::correct(),
    }
    // A jump of a clock that is stopped changes nothing.
    if before != (clock::now(), clock::is_stopped()) {
        faults.struck(Fault::WrongClock);
    }
}
