//! Planted bugs: known mistakes of such systems. Each is added by other wiring, or in a wrapper around a port. The
//! product's code does not contain them.

mod batches;
mod buses;
mod damaged;
mod policies;
mod requests;
mod stores;
mod sweeper;
mod views;

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use dekigoto::{
    Bus, EventStore, RetryQueue, Timestamp, ViewStore,
    relay::{Announcements, IntegrationEvent},
    replay::ReplaySource,
    views::{Across, AnyView, Single, View as _},
};
use dekigoto_testkit::{
    Wrapped,
    sim::{EventTable, Machine, QueueSettings, TimeLeft, Topic, ViewTable},
};
use order_service::{CustomerSummaryView, DailySalesView};
use orders::{
    OrderId,
    order::{Order, OrderEvent, OrderShipped},
    payment::Payment,
};

use crate::{client::Ask, rollout::OldOrderSummary, vetting::registry};

macro_rules! bugs {
    ($($name:ident $text:literal)+) => {
        /// A planted bug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Bug {
            $(#[doc = $text] $name,)+
        }

        impl Bug {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The bug in a sentence.
            pub(crate) fn sentence(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

bugs! {
    AckBeforeWrite "a command is accepted before its commit is stored"
    UnknownIsSuccess "an append without an answer counts as done"
    RetryWithoutLookup "an append without an answer is done again at the next place"
    OrdinalAsText "commits are sorted by their ordinals as text"
    PublishBeforeCommit "the API publishes an event and then stores it"
    StaleReads "a load may miss the newest commit"
    CachedReads "a warm function remembers what it has read"
    Overwrite "an append writes over the commit that is there"
    NoCommandKey "each sending of a command gets a new key"
    JoinedKeys "a key that was sent twice counts as another key"
    KeyOnAllStreams "a key that an order has used up is used up on its payments too"
    RemembersRefusals "a refusal is remembered, and the same request is not decided again"
    RefusedRunsLater "a refused command is kept, and takes effect later"
    DropRefused "entries that a bus refused count as sent"
    ErrorIsSuccess "a bus that does not answer counts as having taken everything"
    TextNumbers "the schema version of a message is a text, which no numeric filter matches"
    NoReserve "a publisher of five seconds believes that it has more, and keeps no time to settle"
    NoViewReserve "a view's function of five seconds believes that it has more, and keeps no time to report"
    NoCircuit "a publisher forgets with each record that a target hangs"
    SendsBeforeParking "the publisher sends a whole batch before it parks what it cannot read"
    RetriesToBoth "a pointer in the retry queue names a target that has the commit"
    FewReceives "messages are dead letters after five receives"
    AckFailures "failed messages are deleted with the others"
    EmptyIsFailure "an empty list of failures counts as the failure of all"
    FailTogether "a message that is no event fails its whole batch"
    NoReason "nobody counts deliveries, so the queue buries a message without a reason"
    ParkNewer "a view parks an event of newer code"
    ParkText "a record that only newer code can read is parked as its text"
    NoSchema "rows have no schema, and old code writes over rows of new code"
    ShortVisibility "messages become visible again while they are worked on"
    NoWatermark "a view applies whatever comes"
    TrustBody "a view skips what no message delivered"
    BelieveMessages "a view believes a message whose event the store does not have"
    FailsDamaged "a read of a row that cannot be read is answered by an error"
    ParksDamaged "a view parks an event whose row cannot be read"
    LastWriteWins "a view writes over another writer's row"
    OneHotRow "all writers of a sum write one row"
    OneByOne "a view takes the messages of a batch one after the other"
    ForgetsCounted "a view remembers only the newest version of a stream that it counted"
    SplitTransaction "a count and the record of it are two writes"
    UpcastDropsField "an old event loses a field"
    NoSweeper "nobody looks for commits whose stream record was lost"
    TrustsWatermarks "a sweeper takes a watermark for a message"
    StopsAtUnreadable "whoever reads the whole event table stops at an item that is no commit"
    ReplayPublishes "a replay publishes the events again"
    KeyPerDelivery "each delivery issues an effect under a key of its own"
    ForgetsEffects "a message counts as handled although its effect got no answer"
    DropsLateDeadlines "a tick lists only the deadlines of its own minute"
}

impl Bug {
    /// The bugs of what stands before the router.
    const OF_REQUESTS: [Self; 4] =
        [Self::JoinedKeys, Self::KeyOnAllStreams, Self::RemembersRefusals, Self::RefusedRunsLater];
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl FromStr for Bug {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|bug| bug.to_string() == name);
        found.copied().ok_or_else(|| format!("{name:?} is no planted bug"))
    }
}

/// How the system is wired: as in the template, or with one bug.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wiring(pub(crate) Option<Bug>);

impl Wiring {
    fn has(self, bug: Bug) -> bool {
        self.0 == Some(bug)
    }

    /// The event table, called from this machine.
    pub(crate) fn store(
        self,
        table: &EventTable,
        topic: &Topic,
        machine: &Machine,
    ) -> Arc<dyn EventStore> {
        let port = table.port(machine);
        match self.0 {
            Some(bug) => stores::planted(bug, port, table, topic, machine),
            None => Arc::new(port),
        }
    }

    /// The view table, called from this machine.
    pub(crate) fn views(self, table: &ViewTable, machine: &Machine) -> Arc<dyn ViewStore> {
        let port = table.port(machine);
        match self.0 {
            Some(Bug::FailsDamaged) if machine.role() == "api" => {
                Arc::new(damaged::FailsDamaged(port))
            }
            Some(Bug::LastWriteWins) => Arc::new(views::LastWriteWins(port)),
            Some(Bug::OneHotRow) if is_sum(machine.role()) => Arc::new(views::OneHotRow(port)),
            Some(Bug::SplitTransaction) => Arc::new(views::SplitTransaction(port)),
            Some(Bug::ForgetsCounted) => Arc::new(views::ForgetsCounted(port)),
            _ => Arc::new(port),
        }
    }

    /// A topic or a bus.
    pub(crate) fn bus(self, bus: Arc<dyn Bus>) -> Arc<dyn Bus> {
        match self.0 {
            Some(Bug::DropRefused) => Arc::new(buses::DropRefused(bus)),
            Some(Bug::ErrorIsSuccess) => Arc::new(buses::ErrorIsSuccess(bus)),
            Some(Bug::TextNumbers) => Arc::new(buses::TextNumbers(bus)),
            _ => bus,
        }
    }

    /// The publisher's retry queue.
    pub(crate) fn retry(self, queue: Arc<dyn RetryQueue>) -> Arc<dyn RetryQueue> {
        match self.0 {
            Some(Bug::RetriesToBoth) => Arc::new(buses::RetriesToBoth(queue)),
            _ => queue,
        }
    }

    pub(crate) fn view(self, view: Arc<dyn AnyView>) -> Arc<dyn AnyView> {
        let is_single = view.name() == "order-summary";
        match self.0 {
            Some(Bug::NoWatermark) if is_single => {
                Arc::new(Wrapped(views::Careless { view, skips: false }))
            }
            Some(Bug::BelieveMessages) if view.name() == CustomerSummaryView::NAME => {
                Arc::new(Across::<CustomerSummaryView>::of_another_service())
            }
            Some(Bug::ParksDamaged) if is_single => Arc::new(Wrapped(damaged::ParksDamaged(view))),
            Some(Bug::TrustBody) if is_single => {
                Arc::new(Wrapped(views::Careless { view, skips: true }))
            }
            _ => view,
        }
    }

    /// The whole event table, for those who sweep it or publish it again.
    pub(crate) fn history(self, table: &EventTable, machine: &Machine) -> Arc<dyn ReplaySource> {
        let port = table.port(machine);
        match self.0 {
            Some(Bug::StopsAtUnreadable) => Arc::new(stores::StopsAtUnreadable(port)),
            _ => Arc::new(port),
        }
    }

    /// Whether commits without a stream record are looked for.
    pub(crate) fn sweeps(self) -> bool {
        !self.has(Bug::NoSweeper)
    }

    /// The views that tell the sweeper what they have heard of.
    pub(crate) fn evidence(self, views: &[Arc<dyn AnyView>]) -> Vec<Arc<dyn AnyView>> {
        let trusting = |view: &Arc<dyn AnyView>| -> Arc<dyn AnyView> {
            Arc::new(Wrapped(sweeper::Watermarks(view.clone())))
        };
        match self.0 {
            Some(Bug::TrustsWatermarks) => views.iter().map(trusting).collect(),
            _ => views.to_vec(),
        }
    }

    pub(crate) fn view_settings(self, settings: QueueSettings) -> QueueSettings {
        match self.0 {
            Some(Bug::ShortVisibility) => {
                QueueSettings { visibility: Duration::from_secs(1), ..settings }
            }
            Some(Bug::FewReceives) => QueueSettings { receives_max: 5, ..settings },
            _ => settings,
        }
    }

    /// The announcements to the bus.
    pub(crate) fn announcements(self) -> Announcements {
        let announcements = registry().announcements().clone();
        if self.has(Bug::UpcastDropsField) {
            let forgetful = Announcements::by("dekigoto.orders").of::<Order>(forgetful);
            return forgetful.of::<Payment>(orders::payment::announce);
        }
        announcements
    }

    /// `Timeout` of the publisher. With a minute, it ends by itself even if a target hangs, so the bug needs a shorter
    /// one. The correct publisher also works with five seconds.
    pub(crate) fn relay_time(self, time: Duration) -> Duration {
        if self.has(Bug::NoReserve) { Duration::from_secs(5) } else { time }
    }

    /// `Timeout` of a view's function, which is shorter with the bug, as for the publisher.
    pub(crate) fn view_time(self, time: Duration) -> Duration {
        if self.has(Bug::NoViewReserve) { Duration::from_secs(5) } else { time }
    }

    /// The time that the publisher assumes it has.
    pub(crate) fn time_left(self, time_left: TimeLeft) -> impl Fn() -> Duration + Send + Sync {
        self.more_time(Bug::NoReserve, time_left)
    }

    /// The time that a view's function assumes it has.
    pub(crate) fn view_time_left(self, left: TimeLeft) -> impl Fn() -> Duration + Send + Sync {
        self.more_time(Bug::NoViewReserve, left)
    }

    fn more_time(self, bug: Bug, time_left: TimeLeft) -> impl Fn() -> Duration + Send + Sync {
        let more = if self.has(bug) { Duration::from_secs(9) } else { Duration::ZERO };
        move || time_left() + more
    }

    /// The order's view as the version before today's has it.
    pub(crate) fn old_view(self) -> Arc<dyn AnyView> {
        match self.0 {
            Some(Bug::NoSchema) => Arc::new(Single::<OldOrderSummary<2>>::default()),
            _ => Arc::new(Single::<OldOrderSummary<1>>::default()),
        }
    }

    /// Whether a record that cannot be read is parked as a pointer.
    pub(crate) fn parks_pointers(self) -> bool {
        !self.has(Bug::ParkText)
    }

    /// A request to the API.
    pub(crate) fn ask(self, ask: Ask, number: u64) -> Ask {
        if self.has(Bug::NoCommandKey) && ask.key.is_some() {
            return Ask { key: Some(format!("request-{number}")), ..ask };
        }
        ask
    }

    pub(crate) fn replay_publishes(self) -> bool {
        self.has(Bug::ReplayPublishes)
    }
}

/// Whether this is the name of a view whose rows are sums.
fn is_sum(view: &str) -> bool {
    [CustomerSummaryView::NAME, DailySalesView::NAME].contains(&view)
}

fn forgetful(
    id: &OrderId,
    event: &OrderEvent,
    at: Timestamp,
) -> Result<Vec<IntegrationEvent>, serde_json::Error> {
    let OrderEvent::OrderShipped(shipped) = event else {
        return orders::order::announce(id, event, at);
    };
    let tracking_number = match shipped.carrier {
        None => "none".parse().unwrap(),
        Some(_) => shipped.tracking_number.clone(),
    };
    let event = OrderEvent::OrderShipped(OrderShipped { tracking_number, ..shipped.clone() });
    orders::order::announce(id, &event, at)
}
