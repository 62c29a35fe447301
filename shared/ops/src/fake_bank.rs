//! The domain of the fake account: a small bank with two views. Only for tests.

use dekigoto::{
    Aggregate, Decider, Envelope, RowKey, event_schema,
    views::{AcrossView, Fold, SingleView, View},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    Deposited(Moved),
}
event_schema! { Event { Deposited as "Deposited": 1 } }

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Moved {
    pub(crate) cents: u64,
}

pub(crate) struct Account;

impl Decider for Account {
    type Command = ();
    type Event = Event;
    type State = u64;
    type Refusal = ();

    fn decide(_: &u64, (): ()) -> Result<Vec<Event>, ()> {
        Err(())
    }

    fn evolve(balance: u64, Event::Deposited(Moved { cents }): &Event) -> u64 {
        balance + cents
    }
}

impl Aggregate for Account {
    type Id = String;
    const TYPE: &'static str = "Account";
    const SNAPSHOT_SCHEMA: u32 = 1;
}

/// One row for each account.
pub(crate) struct Balances;

impl View for Balances {
    type Row = u64;
    type Folds = (Account,);
    const NAME: &'static str = "balances";
}

impl Fold<Account> for Balances {
    fn fold(row: &mut u64, Event::Deposited(Moved { cents }): &Event, _: &Envelope) {
        *row += cents;
    }
}

impl SingleView for Balances {}

/// One row for all accounts.
pub(crate) struct MoneyMoved;

impl View for MoneyMoved {
    type Row = u64;
    type Folds = (Account,);
    const NAME: &'static str = "money-moved";
}

impl Fold<Account> for MoneyMoved {
    fn row_key(_: &Event, _: &Envelope) -> Option<RowKey> {
        Some(RowKey::new("money-moved", "all"))
    }

    fn fold(row: &mut u64, Event::Deposited(Moved { cents }): &Event, _: &Envelope) {
        *row += cents;
    }
}

impl AcrossView for MoneyMoved {
    fn add(row: &mut u64, part: u64) {
        *row += part;
    }
}
