//! `postgres-es`, the PostgreSQL repository of `cqrs-es`: a row for each event, a transaction for each command.

use std::convert::Infallible;

use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
use postgres_es::postgres_cqrs;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use crate::{
    bare::Bare,
    payload, rows,
    turns::{Row, fresh},
};

/// Its own `db/init.sql`, without samples and users.
const TABLES: &str = "create table if not exists events (aggregate_type text not null, aggregate_id text not null,
    sequence bigint check (sequence >= 0) not null, event_type text not null, event_version text not null,
    payload json not null, metadata json not null, primary key (aggregate_type, aggregate_id, sequence))";

#[derive(Debug, Default, Serialize, Deserialize)]
struct Tally(u64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Added {
    payload: String,
}

impl DomainEvent for Added {
    fn event_type(&self) -> String {
        "Added".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Tally {
    const TYPE: &'static str = "Tally";
    type Command = u64;
    type Event = Added;
    type Error = Infallible;
    type Services = ();

    async fn handle(
        &mut self,
        number: u64,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Infallible> {
        sink.write(Added { payload: payload(number) }, self).await;
        Ok(())
    }

    fn apply(&mut self, _: Added) {
        self.0 += 1;
    }
}

pub(crate) async fn measure(pool: &PgPool, bare: &Bare) -> Vec<Row> {
    sqlx::raw_sql(TABLES).execute(pool).await.expect("the server makes the table");
    let framework = &postgres_cqrs::<Tally>(pool.clone(), Vec::new(), ());
    let command = async move |_: usize| {
        let number = fresh();
        framework.execute(&format!("command-{number}"), number).await.expect("it executes");
    };
    rows("postgres-es 0.5.0", bare, command).await
}
