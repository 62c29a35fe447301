//! `disintegrate-postgres`: a decision on the events of a query, appended if the query still finds no others.

use disintegrate::{Decision, Event, NoSnapshot, StateMutate, StateQuery, serde::json::Json};
use disintegrate_postgres::{PgEventStore, decision_maker};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use crate::{
    bare::Bare,
    payload, rows,
    turns::{Row, fresh},
};

#[derive(Clone, Debug, PartialEq, Eq, Event, Serialize, Deserialize)]
#[stream(TallyEvent, [Added])]
enum DomainEvent {
    Added {
        #[id]
        tally_id: String,
        payload: String,
    },
}

#[derive(Clone, Debug, Default, StateQuery, Serialize, Deserialize)]
#[state_query(TallyEvent)]
struct Tally {
    #[id]
    tally_id: String,
    count: u64,
}

impl StateMutate for Tally {
    fn mutate(&mut self, _: TallyEvent) {
        self.count += 1;
    }
}

struct Add {
    tally_id: String,
    payload: String,
}

impl Decision for Add {
    type Event = DomainEvent;
    type StateQuery = Tally;
    type Error = std::convert::Infallible;

    fn state_query(&self) -> Tally {
        Tally { tally_id: self.tally_id.clone(), count: 0 }
    }

    fn process(&self, _: &Tally) -> Result<Vec<DomainEvent>, Self::Error> {
        let (tally_id, payload) = (self.tally_id.clone(), self.payload.clone());
        Ok(vec![DomainEvent::Added { tally_id, payload }])
    }
}

pub(crate) async fn measure(pool: &PgPool, bare: &Bare) -> Vec<Row> {
    let store = PgEventStore::<DomainEvent, Json<DomainEvent>>::try_new(
        pool.clone(),
        Json::<DomainEvent>::default(),
    );
    let store = store.await.expect("it makes its tables");
    let maker = &decision_maker(store, NoSnapshot);
    let command = async move |_: usize| {
        let number = fresh();
        let tally_id = format!("command-{number}");
        let add = || Add { tally_id: tally_id.clone(), payload: payload(number) };
        // Its transactions are serializable: a command that the server cancels is sent again, as its user would.
        while maker.make(add()).await.is_err() {}
    };
    rows("disintegrate-postgres 4.0.1", bare, command).await
}
