//! The server that `DATABASE_URL` names. Each case gets a schema of its own.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use dekigoto::{
    EventStore, ParkedRecords, RowKey, ViewStore, outbox::Outbox, replay::ReplaySource,
};
use dekigoto_postgres::Postgres;
use dekigoto_testkit::{
    ErasableViews, OutboxSubject, RawItem, RowDamage, StoreSubject, ViewSubject,
};
use sha2::{Digest as _, Sha256};
use tokio_postgres::{Client, NoTls};

/// The tables of one case, and a client as another program would have one.
pub(crate) struct Tables {
    pub(crate) postgres: Postgres,
    pub(crate) schema: String,
    pub(crate) client: Client,
}

static SCHEMAS: AtomicUsize = AtomicUsize::new(0);

#[expect(clippy::disallowed_methods, reason = "the environment names the server")]
pub(crate) fn url() -> String {
    std::env::var("DATABASE_URL").expect("DATABASE_URL names a server: make platforms starts one")
}

/// A client of the server.
pub(crate) async fn client() -> Client {
    let (client, connection) = tokio_postgres::connect(&url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// New tables.
pub(crate) async fn tables() -> Tables {
    let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
    let schema = format!("t{}_{number}", std::process::id());
    let client = client().await;
    client.batch_execute(&format!("drop schema if exists {schema} cascade")).await.unwrap();
    let postgres = Postgres::new(&url(), None).unwrap().in_schema(schema.parse().unwrap());
    assert_eq!(postgres.migrate().await.unwrap(), 0);
    Tables { postgres, schema, client }
}

pub(crate) async fn events() -> Box<dyn StoreSubject> {
    Box::new(tables().await)
}

pub(crate) async fn views() -> Box<dyn ViewSubject> {
    Box::new(tables().await)
}

pub(crate) async fn erasable_views() -> ErasableViews {
    let views = tables().await.postgres.views();
    (Arc::new(views.clone()), Arc::new(views))
}

pub(crate) async fn outbox() -> Box<dyn OutboxSubject> {
    Box::new(tables().await)
}

#[async_trait]
impl StoreSubject for Tables {
    fn store(&self) -> Arc<dyn EventStore> {
        Arc::new(self.postgres.events())
    }

    fn replay_source(&self) -> Arc<dyn ReplaySource> {
        Arc::new(self.postgres.events())
    }

    async fn put_raw(&self, mut item: RawItem) -> bool {
        // The table has no other columns, and checks their types and the first ordinal itself.
        item.remove("new");
        let is_number = |name: &str| ["sk", "v", "at"].contains(&name);
        if item.iter().any(|(name, value)| value.is_number() != is_number(name)) {
            return false;
        }
        let segment = Sha256::digest(item["pk"].as_str().unwrap_or_default())[0];
        item.insert("seg".to_owned(), segment.into());
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let values = item.values();
        let values = values.map(|it| it.as_str().map_or_else(|| it.to_string(), quoted));
        let (pk, sk) = (quoted(item["pk"].as_str().unwrap_or_default()), item["sk"].to_string());
        let names: Vec<&str> = item.keys().map(String::as_str).collect();
        let statement = format!(
            "begin; delete from {0}.commits where pk = {pk} and sk = {sk};
             insert into {0}.commits ({1}) values ({2}); commit",
            self.schema,
            names.join(", "),
            values.collect::<Vec<_>>().join(", ")
        );
        let put = self.client.batch_execute(&statement).await.is_ok();
        if !put {
            self.client.batch_execute("rollback").await.unwrap();
        }
        put
    }
}

#[async_trait]
impl ViewSubject for Tables {
    fn views(&self) -> Arc<dyn ViewStore> {
        Arc::new(self.postgres.views())
    }

    /// Only the body can be damaged, and it stays UTF-8: the table checks the rest.
    async fn damage(&self, row: &RowKey, damage: &RowDamage) -> bool {
        let RowDamage::Body(body) = damage else { return false };
        let Ok(body) = std::str::from_utf8(body) else { return false };
        let schema = &self.schema;
        let statement =
            format!("update {schema}.rows set body = $1 where partition = $2 and sort = $3");
        let written = self.client.execute(&statement, &[&body, &row.partition, &row.sort]).await;
        written.unwrap() == 1
    }
}

impl OutboxSubject for Tables {
    fn store(&self) -> Arc<dyn EventStore> {
        Arc::new(self.postgres.events())
    }

    /// On a connection of its own.
    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.postgres.another().outbox())
    }

    fn parking(&self) -> Arc<dyn ParkedRecords> {
        Arc::new(self.postgres.parking())
    }
}
