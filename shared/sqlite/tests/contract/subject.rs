//! A database under test, with access that only a test has.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{
    EventStore, ParkedRecords, RowKey, ViewStore, outbox::Outbox, replay::ReplaySource,
};
use dekigoto_sqlite::Database;
use dekigoto_testkit::{
    ErasableViews, OutboxSubject, RawItem, RowDamage, StoreSubject, ViewSubject,
};
use rusqlite::{Connection, ToSql, params_from_iter};
use sha2::{Digest as _, Sha256};

use crate::folder::Folder;

struct Subject(Database);

impl Folder {
    pub(crate) fn events(&self) -> Box<dyn StoreSubject> {
        Box::new(Subject(self.database()))
    }

    pub(crate) fn views(&self) -> Box<dyn ViewSubject> {
        Box::new(Subject(self.database()))
    }

    pub(crate) fn erasable_views(&self) -> ErasableViews {
        let views = self.database().views();
        (Arc::new(views.clone()), Arc::new(views))
    }

    pub(crate) fn outbox(&self) -> Box<dyn OutboxSubject> {
        Box::new(Subject(self.database()))
    }
}

#[async_trait]
impl StoreSubject for Subject {
    fn store(&self) -> Arc<dyn EventStore> {
        Arc::new(self.0.events())
    }

    fn replay_source(&self) -> Arc<dyn ReplaySource> {
        Arc::new(self.0.events())
    }

    /// Writes through a connection of its own, as another program would.
    async fn put_raw(&self, mut item: RawItem) -> bool {
        // The table has no other columns, and SQLite would convert a value of another type.
        item.remove("new");
        let is_number = |name: &str| ["sk", "v", "at"].contains(&name);
        if item.iter().any(|(name, value)| value.is_number() != is_number(name)) {
            return false;
        }
        let segment = Sha256::digest(item["pk"].as_str().unwrap_or_default())[0];
        item.insert("seg".to_owned(), segment.into());
        let names: Vec<&str> = item.keys().map(String::as_str).collect();
        let places = vec!["?"; names.len()].join(", ");
        let statement =
            format!("insert or replace into commits ({}) values ({places})", names.join(", "));
        let values = item.values().map(|value| -> Box<dyn ToSql> {
            match value.as_i64() {
                Some(number) => Box::new(number),
                None => Box::new(value.as_str().map(str::to_owned)),
            }
        });
        let connection = Connection::open(self.0.path()).unwrap();
        connection.execute(&statement, params_from_iter(values)).is_ok()
    }
}

#[async_trait]
impl ViewSubject for Subject {
    fn views(&self) -> Arc<dyn ViewStore> {
        Arc::new(self.0.views())
    }

    /// Only the body can be damaged: the table checks the rest.
    async fn damage(&self, row: &RowKey, damage: &RowDamage) -> bool {
        let RowDamage::Body(body) = damage else { return false };
        let statement =
            "update rows set body = cast(?1 as text) where partition = ?2 and sort = ?3";
        let connection = Connection::open(self.0.path()).unwrap();
        connection.execute(statement, (body, &row.partition, &row.sort)).unwrap() == 1
    }
}

impl OutboxSubject for Subject {
    fn store(&self) -> Arc<dyn EventStore> {
        Arc::new(self.0.events())
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.0.outbox())
    }

    fn parking(&self) -> Arc<dyn ParkedRecords> {
        Arc::new(self.0.parking())
    }
}
