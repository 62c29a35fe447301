//! PostgreSQL: one connection for each writer, on both sides.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use dekigoto::{
    Engine, EventStore as _, Head, ReadFrom, StoredCommit, SystemHost,
    memory::InMemoryEventBus,
    outbox::Order,
    relay::{Announcements, Relay, nothing},
};
use dekigoto_postgres::Postgres;
use tokio_postgres::{Client, NoTls, types::Type};

use crate::{
    WRITERS, first_command, first_of,
    tally::{Tally, commit, stream},
    turns::{Row, fresh, turns},
};

const RELAYED: usize = 5_000;

/// The same table, and no outbox.
const SCHEMA: &str = "create table bench.bare (like bench.commits including all)";
const INSERT: &str =
    "insert into bench.bare (seg, pk, sk, v, at, ev, key, fp, act, cor, cau, tp, sn)
    values ($13, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const SELECT: &str = "select * from bench.bare where seg = 7 and pk = $1 order by sk desc limit 32";

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(crate) async fn measure(url: &str) -> Vec<Row> {
    let setup = client(url).await;
    setup.batch_execute("drop schema if exists bench cascade").await.unwrap();
    let postgres = Postgres::new(url, None).unwrap().in_schema("bench".parse().unwrap());
    postgres.migrate().await.unwrap();
    setup.batch_execute(SCHEMA).await.unwrap();
    let (mut stores, mut clients) = (Vec::new(), Vec::new());
    for _ in 0..WRITERS[1] {
        stores.push(postgres.another().events());
        clients.push(client(url).await);
    }
    let mut rows = Vec::new();
    for writers in WRITERS {
        let (ours, theirs) = turns(
            writers,
            async |writer| stores[writer].append(&first_of(fresh())).await.unwrap(),
            async |writer| insert(&clients[writer], &StoredCommit::from(&first_of(fresh()))).await,
        )
        .await;
        rows.push(Row {
            what: format!(
                "PostgreSQL: append, with its outbox row; {writers} at a time, a connection each"
            ),
            bare: "an INSERT into the same table",
            ours,
            theirs: Some(theirs),
            budget: (writers == 1).then_some(0.85),
        });
    }
    rows.push(on_one_connection(&postgres, &clients).await);
    rows.push(load(&postgres, &clients[0]).await);
    rows.push(command(&postgres, &clients[0]).await);
    rows.push(relay(&postgres).await);
    setup.batch_execute("drop schema bench cascade").await.unwrap();
    rows
}

/// As a process appends that has one store.
async fn on_one_connection(postgres: &Postgres, clients: &[Client]) -> Row {
    let store = postgres.events();
    let (ours, theirs) = turns(
        WRITERS[1],
        async |_| store.append(&first_of(fresh())).await.unwrap(),
        async |writer| insert(&clients[writer], &StoredCommit::from(&first_of(fresh()))).await,
    )
    .await;
    Row {
        what: format!(
            "PostgreSQL: append, with its outbox row; {} at a time, on one connection",
            WRITERS[1]
        ),
        bare: "an INSERT into the same table, a connection each",
        ours,
        theirs: Some(theirs),
        budget: Some(0.85),
    }
}

async fn insert(client: &Client, it: &StoredCommit) {
    let (sk, v) = (i64::try_from(it.sk).unwrap(), i64::try_from(it.v).unwrap());
    let fp = it.fp.as_str();
    client
        .query_typed(
            INSERT,
            &[
                (&it.pk, Type::TEXT),
                (&sk, Type::INT8),
                (&v, Type::INT8),
                (&it.at, Type::INT8),
                (&it.ev, Type::TEXT),
                (&it.key, Type::TEXT),
                (&fp, Type::TEXT),
                (&it.act, Type::TEXT),
                (&it.cor, Type::TEXT),
                (&it.cau, Type::TEXT),
                (&it.tp, Type::TEXT),
                (&it.sn, Type::TEXT),
                (&7_i16, Type::INT2),
            ],
        )
        .await
        .unwrap();
}

async fn select(client: &Client, pk: &str) -> usize {
    let rows = client.query_typed(SELECT, &[(&pk, Type::TEXT)]).await.unwrap();
    rows.iter().map(|row| row.get::<_, &str>("ev").len()).filter(|it| *it > 0).count()
}

async fn load(postgres: &Postgres, client: &Client) -> Row {
    let (store, mut head) = (postgres.events(), Head::empty(stream("load")));
    for number in 1..=32 {
        let next = commit(&head, &format!("key-{number}"), &[number]);
        store.append(&next).await.unwrap();
        insert(client, &StoredCommit::from(&next)).await;
        head = next.head();
    }
    let (ours, theirs) = turns(
        1,
        async |_| {
            assert_eq!(store.read(&stream("load"), ReadFrom::Newest, 32).await.unwrap().len(), 32);
        },
        async |_| assert_eq!(select(client, &stream("load").key()).await, 32),
    )
    .await;
    let what = "PostgreSQL: load 32 commits, decoded".to_owned();
    Row {
        what,
        bare: "a SELECT of the same rows, not decoded",
        ours,
        theirs: Some(theirs),
        budget: None,
    }
}

async fn command(postgres: &Postgres, client: &Client) -> Row {
    let engine = Engine::new(Arc::new(postgres.events()), Arc::new(SystemHost));
    let (ours, theirs) = turns(
        1,
        async |_| first_command(&engine).await,
        async |_| {
            let first = StoredCommit::from(&first_of(fresh()));
            select(client, &first.pk).await;
            insert(client, &first).await;
        },
    )
    .await;
    let what = "PostgreSQL: a command (load, decide, append) on a new stream".to_owned();
    Row { what, bare: "a SELECT and an INSERT", ours, theirs: Some(theirs), budget: Some(0.85) }
}

/// What the appends above have left in the outbox.
async fn relay(postgres: &Postgres) -> Row {
    let outbox = postgres.another().outbox();
    let bus = Arc::new(InMemoryEventBus::new());
    let relay = Relay {
        topic: bus.clone(),
        bus,
        retry: Arc::new(outbox.clone()),
        parking: Arc::new(postgres.another().parking()),
        store: Arc::new(postgres.another().events()),
        host: Arc::new(SystemHost),
        announcements: Announcements::by("bench").of::<Tally<1, 32>>(nothing),
    };
    let (began, mut done) = (Instant::now(), 0);
    while done < RELAYED {
        let minute = || Duration::from_secs(60);
        let report = relay.take_outbox(&outbox, Order::PerStream, minute).await.unwrap();
        assert!(report.failed.is_empty(), "{:?}", report.reasons.first());
        if report.tally.total() == 0 {
            break;
        }
        done += report.tally.total();
    }
    let ours = done as f64 / began.elapsed().as_secs_f64();
    let what = format!("PostgreSQL: one relay publishes {done} commits of the outbox");
    Row { what, bare: "to a bus in memory", ours, theirs: None, budget: None }
}
