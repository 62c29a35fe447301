//! Outages of hours, which retries alone cannot survive.

use std::time::Duration;

use dekigoto_testkit::sim::{Dice, Fault, Swarm};

/// One service that fails for hours while the others work.
pub(crate) struct LongOutage {
    sites: &'static [&'static str],
    fault: Fault,
    pub(crate) lasts: Duration,
}

const HOUR: Duration = Duration::from_secs(3600);

impl LongOutage {
    /// One run in twenty has an outage.
    pub(crate) fn draw(dice: &mut Dice) -> Option<Self> {
        let outage = |sites, fault, lasts| Some(Self { sites, fault, lasts });
        match dice.below(160) {
            // The publisher crashes at its first call until its records are too old for the mapping.
            0 => outage(&["topic"], Fault::CrashBefore, HOUR * 22),
            // Longer than a hundred receives take.
            1 => outage(&["read-rows"], Fault::ErrBefore, HOUR * 8),
            2 => outage(&["bus"], Fault::ErrBefore, HOUR * 4),
            3 => outage(&["bus"], Fault::Hang, HOUR * 4),
            // Shorter than a hundred receives take: nothing may be dead-lettered.
            4 => outage(&["read-rows"], Fault::ErrBefore, HOUR * 4),
            5 => outage(&["read-rows", "write-rows"], Fault::Delay, HOUR * 4),
            6 => outage(&["write-rows"], Fault::Hang, HOUR * 4),
            7 => outage(&["topic"], Fault::ErrBefore, HOUR * 4),
            // A message that crashes its function must not be buried without a reason.
            8 => outage(&["write-rows"], Fault::CrashBefore, HOUR * 8),
            _ => None,
        }
    }

    pub(crate) fn swarm(&self) -> Swarm {
        let outages = self.sites.iter().map(|site| Swarm::outage(site, self.fault, self.lasts));
        outages.reduce(Swarm::and).unwrap()
    }
}
