//! What can go wrong at a call, and the plan that says when.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use super::Dice;

/// What happens to one call, or to one delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// An error, and nothing was done.
    ErrBefore,
    /// Done, and the reply is lost.
    ErrAfter,
    /// The reply is lost, and it is done some seconds later, perhaps after the caller has tried again.
    Late,
    /// Done, after some seconds.
    Delay,
    /// No answer until the client gives up after five seconds; done or not done.
    Hang,
    /// The machine stops before it is done.
    CrashBefore,
    /// The machine stops after it is done.
    CrashAfter,
    /// Some entries of a batch are taken, the others are refused.
    Partial,
    /// Delivered twice.
    Twice,
    /// Never delivered.
    Lose,
}

impl Fault {
    /// What can happen to a read.
    pub const OF_READ: &'static [Self] =
        &[Self::ErrBefore, Self::Delay, Self::Hang, Self::CrashBefore];

    /// What can happen to a write.
    pub const OF_WRITE: &'static [Self] = &[
        Self::ErrBefore,
        Self::ErrAfter,
        Self::Late,
        Self::Delay,
        Self::Hang,
        Self::CrashBefore,
        Self::CrashAfter,
    ];

    /// What can happen to a write of a batch.
    pub const OF_BATCH: &'static [Self] = &[
        Self::ErrBefore,
        Self::ErrAfter,
        Self::Late,
        Self::Delay,
        Self::Hang,
        Self::CrashBefore,
        Self::CrashAfter,
        Self::Partial,
    ];

    /// Every fault.
    pub const ALL: [Self; 10] = [
        Self::ErrBefore,
        Self::ErrAfter,
        Self::Late,
        Self::Delay,
        Self::Hang,
        Self::CrashBefore,
        Self::CrashAfter,
        Self::Partial,
        Self::Twice,
        Self::Lose,
    ];

    /// The fault in a sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::ErrBefore => "the call is refused or lost",
            Self::ErrAfter => "the call is done, the reply is lost",
            Self::Late => "the reply is lost, and the call is done seconds later",
            Self::Delay => "the answer takes seconds",
            Self::Hang => "no answer at all",
            Self::CrashBefore => "the function dies before the call",
            Self::CrashAfter => "the function dies after the call",
            Self::Partial => "a batch is taken in part",
            Self::Twice => "a record or message is delivered twice",
            Self::Lose => "a message to a view is lost, and a later one arrives",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|fault| fault.to_string() == name);
        found.ok_or_else(|| format!("{name:?} is no fault"))
    }
}

/// A place where faults can happen: the name of a call, with the faults that it can suffer.
#[derive(Debug)]
pub struct Site {
    /// The call.
    pub name: &'static str,
    /// What can happen to it.
    pub menu: &'static [Fault],
}

/// A time in which one kind of call always fails in the same way.
#[derive(Clone, Debug)]
pub struct Outage {
    /// The call.
    pub site: &'static str,
    /// How.
    pub fault: Fault,
    /// From when.
    pub from: Duration,
    /// Until when.
    pub until: Duration,
}

/// Which calls fail.
#[derive(Clone, Debug)]
pub enum Plan {
    /// None.
    Nothing,
    /// These calls, by their number. For sweeps, and to repeat a run with fewer faults.
    Exactly(BTreeMap<u64, Fault>),
    /// Some faults at some sites, each at its own rate: a *swarm*. A run in which everything fails at once finds less
    /// than many runs in which few things fail often.
    Swarm(Swarm),
}

/// The faults of one run with their rates.
#[derive(Clone, Debug)]
pub struct Swarm {
    rates: BTreeMap<(&'static str, Fault), u32>,
    outages: Vec<Outage>,
}

impl Swarm {
    /// A random subset of the faults at a random subset of the sites, with random rates, and sometimes outages within
    /// the first `chaos` of the run.
    #[must_use]
    pub fn draw(seed: u64, sites: &[&'static Site], chaos: Duration) -> Self {
        let mut dice = Dice::new(seed, u64::MAX);
        let faults: Vec<Fault> = Fault::ALL.into_iter().filter(|_| dice.per_mille(500)).collect();
        let mut rates = BTreeMap::new();
        for site in sites {
            if !dice.per_mille(700) {
                continue;
            }
            for fault in site.menu.iter().filter(|fault| faults.contains(fault)) {
                rates.insert((site.name, *fault), *dice.pick(&[5, 20, 60, 200]));
            }
        }
        let mut outages = Vec::new();
        for _ in 0..dice.below(3) {
            let site = dice.pick(sites);
            let outage = [Fault::ErrBefore, Fault::Hang, Fault::CrashBefore];
            let fault = *dice.pick(&outage);
            let from = dice.time(Duration::ZERO, chaos);
            let until = dice.time(from, chaos);
            if site.menu.contains(&fault) {
                outages.push(Outage { site: site.name, fault, from, until });
            }
        }
        Self { rates, outages }
    }
}

impl Swarm {
    /// Nothing but one outage.
    #[must_use]
    pub fn outage(site: &'static str, fault: Fault, until: Duration) -> Self {
        let from = Duration::ZERO;
        Self { rates: BTreeMap::new(), outages: vec![Outage { site, fault, from, until }] }
    }

    /// The same swarm with an outage more.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.rates.extend(other.rates);
        self.outages.extend(other.outages);
        self
    }
}

impl Plan {
    /// The fault of call `number`, if it has one.
    #[must_use]
    pub fn fault(&self, number: u64, site: &Site, now: Duration, dice: &mut Dice) -> Option<Fault> {
        match self {
            Self::Nothing => None,
            Self::Exactly(faults) => {
                faults.get(&number).copied().filter(|fault| site.menu.contains(fault))
            }
            Self::Swarm(swarm) => {
                let is_now = |outage: &&Outage| {
                    outage.site == site.name && (outage.from..outage.until).contains(&now)
                };
                if let Some(outage) = swarm.outages.iter().find(is_now) {
                    return Some(outage.fault);
                }
                let rate = |fault: &Fault| swarm.rates.get(&(site.name, *fault));
                let mut menu = site.menu.iter();
                menu.find(|fault| rate(fault).is_some_and(|rate| dice.per_mille(*rate))).copied()
            }
        }
    }
}
