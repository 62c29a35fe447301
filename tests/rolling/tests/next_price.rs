//! The price list of the next version: `PriceSet` has a new version with a note, and so has the row of a product.

use std::convert::Infallible;

use dekigoto::{
    Aggregate, Decider, Envelope, event_schema,
    views::{Fold, SingleView, View},
};
use order_service::PriceListView;
use orders::{
    ProductId,
    price::{Price, PriceEvent, PriceSet, PriceState, SetPrice},
};
use serde::{Deserialize, Serialize};

use crate::next::{APP, UNKNOWN};

/// `PriceSet`, version 2.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PriceWithNote {
    #[serde(flatten)]
    price: PriceSet,
    note: String,
}

#[derive(Clone, Debug)]
pub(crate) enum NextPriceEvent {
    Set(PriceWithNote),
}

event_schema! {
    NextPriceEvent {
        Set as "PriceSet": 2 { 1 => |old| vec![NextPriceEvent::with_note(old, UNKNOWN)] },
    }
}

impl NextPriceEvent {
    fn with_note(price: PriceSet, note: &str) -> Self {
        Self::Set(PriceWithNote { price, note: note.to_owned() })
    }
}

pub(crate) struct NextPrice;

impl Decider for NextPrice {
    type Command = SetPrice;
    type Event = NextPriceEvent;
    type State = PriceState;
    type Refusal = Infallible;

    fn decide(state: &PriceState, command: SetPrice) -> Result<Vec<NextPriceEvent>, Infallible> {
        let set = Price::decide(state, command)?.into_iter();
        Ok(set.map(|PriceEvent::PriceSet(price)| NextPriceEvent::with_note(price, APP)).collect())
    }

    fn evolve(state: PriceState, NextPriceEvent::Set(set): &NextPriceEvent) -> PriceState {
        Price::evolve(state, &PriceEvent::PriceSet(set.price.clone()))
    }
}

impl Aggregate for NextPrice {
    type Id = ProductId;

    const TYPE: &'static str = Price::TYPE;
    const SNAPSHOT_SCHEMA: u32 = Price::SNAPSHOT_SCHEMA;
    const SNAPSHOT_EVERY: u32 = 1;
}

/// The row of a product in the next version.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct NotedPrices {
    #[serde(flatten)]
    list: <PriceListView as View>::Row,
    #[serde(default)]
    note: String,
}

pub(crate) struct NextPriceList;

impl View for NextPriceList {
    type Row = NotedPrices;
    type Folds = (NextPrice,);

    const NAME: &'static str = PriceListView::NAME;
    const SCHEMA: u32 = PriceListView::SCHEMA + 1;
}

impl Fold<NextPrice> for NextPriceList {
    fn fold(row: &mut NotedPrices, NextPriceEvent::Set(set): &NextPriceEvent, of: &Envelope) {
        // An event of old code says nothing of it.
        if set.note != UNKNOWN || row.note.is_empty() {
            row.note.clone_from(&set.note);
        }
        let known = PriceEvent::PriceSet(set.price.clone());
        <PriceListView as Fold<Price>>::fold(&mut row.list, &known, of);
    }
}

impl SingleView for NextPriceList {}
