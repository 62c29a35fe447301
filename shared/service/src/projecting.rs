//! From messages to one read model.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use dekigoto::{
    Envelope, Parking, RowKey, SchemaError,
    batch::{Delivered, Outcome, Report, take_queue},
    project::{CrossView as _, Projector, SingleView as _, project_across, project_single},
};

use crate::views::{CustomerSummaryView, DailySalesView, OrderSummaryView};

/// A read model's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// One row for each order.
    OrderSummary,
    /// One row for each customer.
    CustomerSummary,
    /// One row for each UTC day and currency.
    DailySales,
}

impl View {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OrderSummary, Self::CustomerSummary, Self::DailySales];

    /// The name in configuration and in keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OrderSummary => "order-summary",
            Self::CustomerSummary => "customer-summary",
            Self::DailySales => "daily-sales",
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No view has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no view is called {0:?}; there are order-summary, customer-summary and daily-sales")]
pub struct UnknownView(String);

impl FromStr for View {
    type Err = UnknownView;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|view| view.name() == name).ok_or_else(|| UnknownView(name.to_owned()))
    }
}

/// Keeps one view up to date.
#[derive(Clone)]
pub struct Projecting {
    /// Which.
    pub view: View,
    /// Stores and host.
    pub projector: Projector,
    /// Messages that can never be applied, with their reasons.
    pub parking: Arc<dyn Parking>,
}

/// A message with what it turned out to be.
#[derive(Clone, Debug)]
struct Hint {
    body: String,
    meaning: Meaning,
}

/// What the view has to do about a message. The order of the variants is the order of the work.
#[derive(Clone, Debug)]
enum Meaning {
    /// Nothing.
    Other,
    /// Change this row.
    Change(RowKey, Box<Envelope>),
    /// Set it aside.
    Unreadable(String),
}

impl Projecting {
    /// Applies a batch of message bodies. Every message ends as applied, duplicate, skipped, retried or parked.
    pub async fn take(
        &self,
        messages: Vec<Delivered<String>>,
        time_left: impl Fn() -> Duration,
    ) -> Report {
        let hints = messages.into_iter().map(|message| {
            let meaning = self.meaning(&message.record);
            Delivered { id: message.id, record: Hint { body: message.record, meaning } }
        });
        take_queue(hints.collect(), group_of, time_left, |group| self.step(group)).await
    }

    fn meaning(&self, body: &str) -> Meaning {
        let event = match Envelope::from_message(body) {
            Ok(event) => event,
            Err(cause) => return Meaning::Unreadable(cause.to_string()),
        };
        match self.key(&event) {
            Ok(Some(key)) => Meaning::Change(key, Box::new(event)),
            Ok(None) => Meaning::Other,
            Err(cause) => Meaning::Unreadable(cause.to_string()),
        }
    }

    fn key(&self, event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        match self.view {
            View::OrderSummary => OrderSummaryView::key(event),
            View::CustomerSummary => CustomerSummaryView::key(event),
            View::DailySales => DailySalesView::key(event),
        }
    }

    /// Takes the messages of one row.
    async fn step(&self, group: Vec<Hint>) -> Vec<Outcome> {
        let events: Vec<Envelope> = group.iter().filter_map(Hint::event).cloned().collect();
        let mut applied = self.apply(&group, &events).await.into_iter();
        let mut outcomes = Vec::with_capacity(group.len());
        for hint in &group {
            let outcome = match &hint.meaning {
                Meaning::Other => Outcome::Skipped,
                Meaning::Unreadable(reason) => Outcome::Parked(reason.clone()),
                Meaning::Change(..) => applied
                    .next()
                    .unwrap_or_else(|| Outcome::Retry("the view gave no outcome".to_owned())),
            };
            outcomes.push(self.parked(&hint.body, outcome).await);
        }
        outcomes
    }

    async fn apply(&self, group: &[Hint], events: &[Envelope]) -> Vec<Outcome> {
        let key = group.iter().find_map(|hint| match &hint.meaning {
            Meaning::Change(key, _) => Some(key),
            Meaning::Other | Meaning::Unreadable(_) => None,
        });
        let Some(key) = key else {
            return Vec::new();
        };
        match self.view {
            View::OrderSummary => {
                project_single::<OrderSummaryView>(&self.projector, key, events).await
            }
            View::CustomerSummary => {
                project_across::<CustomerSummaryView>(&self.projector, key, events).await
            }
            View::DailySales => {
                project_across::<DailySalesView>(&self.projector, key, events).await
            }
        }
    }

    /// Sets aside what is to be set aside. While that fails, the message comes back instead.
    async fn parked(&self, body: &str, outcome: Outcome) -> Outcome {
        let Outcome::Parked(reason) = &outcome else {
            return outcome;
        };
        match self.parking.park(body, reason).await {
            Ok(()) => outcome,
            Err(cause) => Outcome::Retry(format!("{reason}; parking failed: {cause}")),
        }
    }
}

impl Hint {
    fn event(&self) -> Option<&Envelope> {
        match &self.meaning {
            Meaning::Change(_, event) => Some(event),
            Meaning::Other | Meaning::Unreadable(_) => None,
        }
    }
}

/// Messages of one row belong together; all others stand for themselves.
fn group_of(hint: &Hint) -> (Option<RowKey>, Option<String>) {
    match &hint.meaning {
        Meaning::Change(key, _) => (Some(key.clone()), None),
        Meaning::Other | Meaning::Unreadable(_) => (None, Some(hint.body.clone())),
    }
}
