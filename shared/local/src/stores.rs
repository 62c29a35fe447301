//! Where a running system keeps its events and views.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{
    AppendError, Commit, EventStore, ParkedRecords, ReadError, ReadFrom, StreamId, SystemHost,
    ViewStore, Zone,
    generations::EraseRows,
    memory::{MemoryOutbox, MemoryParking, MemoryStore, MemoryViews},
    outbox::Outbox,
    replay::ReplaySource,
};
use dekigoto_sqlite::Database;
use tokio::sync::Notify;

use crate::{environment::variable, error::Error, recent::Recent, show};

/// The database file, if `DATABASE` is not set.
const DATABASE_DEFAULT: &str = ".local/dekigoto.db";

/// The stores of a running system.
#[derive(Clone)]
pub struct Stores {
    /// The events.
    pub events: Arc<dyn EventStore>,
    /// The same events, read as a whole.
    pub history: Arc<dyn ReplaySource>,
    /// Pointers to the commits that are not published yet.
    pub outbox: Arc<dyn Outbox>,
    /// The rows of views.
    pub views: Arc<dyn ViewStore>,
    /// The same rows, as an operator erases a generation of them.
    pub eraser: Arc<dyn EraseRows>,
    /// What cannot be handled, with the reason.
    pub parking: Arc<dyn ParkedRecords>,
}

/// The business time zone that the environment names: `TIME_ZONE`, such as `Asia/Tokyo`, or UTC.
///
/// # Errors
/// When the system has no such zone.
pub fn time_zone() -> Result<Zone, Error> {
    Ok(variable("TIME_ZONE")?.map_or_else(|| Ok(Zone::utc()), |name| Zone::of_system(&name))?)
}

impl Stores {
    /// The stores that the environment names: `STORE=sqlite`, the default, in the file `DATABASE`; `STORE=memory`; or
    /// `STORE=postgres`, at `DATABASE_URL`. `dekigoto migrate` makes its tables; with `MIGRATE=yes`, this process does.
    ///
    /// # Errors
    /// A message that says what to do.
    pub async fn from_env() -> Result<Self, Error> {
        match variable("STORE")?.as_deref() {
            None | Some("sqlite") => Ok(Self::in_file(&Database::open(database()?)?)),
            Some("memory") => Ok(Self::in_memory()),
            #[cfg(feature = "postgres")]
            Some("postgres") => Self::on_postgres(variable("DATABASE_URL")?).await,
            #[cfg(not(feature = "postgres"))]
            Some("postgres") => {
                Err("STORE=postgres needs the cargo feature postgres: STORE=postgres make run"
                    .into())
            }
            Some(other) => {
                Err(format!("STORE is sqlite, memory or postgres, not {other:?}").into())
            }
        }
    }

    /// Stores on a server, without TLS.
    #[cfg(feature = "postgres")]
    async fn on_postgres(url: Option<String>) -> Result<Self, Error> {
        let missing =
            "STORE=postgres needs DATABASE_URL, such as postgres://user@127.0.0.1:5432/postgres";
        let database = dekigoto_postgres::Postgres::new(&url.ok_or(missing)?, None)
            .map_err(|failure| failure.cause)?;
        if is_migrating()? {
            show::migrated(database.migrate().await?, dekigoto_postgres::SCHEMA_VERSION);
        }
        database.expect_current().await?;
        // The relay polls, and must not make requests wait.
        let relay = database.another();
        Ok(Self {
            events: Arc::new(database.events()),
            history: Arc::new(database.events()),
            outbox: Arc::new(relay.outbox()),
            views: Arc::new(database.views()),
            eraser: Arc::new(database.views()),
            parking: Arc::new(relay.parking()),
        })
    }

    /// Stores in a database file.
    #[must_use]
    pub fn in_file(database: &Database) -> Self {
        Self {
            events: Arc::new(database.events()),
            history: Arc::new(database.events()),
            outbox: Arc::new(database.outbox()),
            views: Arc::new(database.views()),
            eraser: Arc::new(database.views()),
            parking: Arc::new(database.parking()),
        }
    }

    /// Stores in memory. They forget everything when the process ends.
    #[must_use]
    pub fn in_memory() -> Self {
        let (events, views) = (MemoryStore::new(), MemoryViews::new());
        Self {
            outbox: Arc::new(MemoryOutbox::of(&events, Arc::new(SystemHost))),
            history: Arc::new(events.clone()),
            events: Arc::new(events),
            eraser: Arc::new(views.clone()),
            views: Arc::new(views),
            parking: Arc::new(MemoryParking::default()),
        }
    }
}

/// Whether this process brings the tables up to date, for development.
#[cfg(feature = "postgres")]
fn is_migrating() -> Result<bool, Error> {
    match variable("MIGRATE")?.as_deref() {
        None | Some("no") => Ok(false),
        Some("yes") => Ok(true),
        Some(other) => Err(format!("MIGRATE is yes or no, not {other:?}").into()),
    }
}

/// Deletes the database file.
pub(crate) fn reset() -> Result<(), Error> {
    let path = database()?;
    Database::delete(&path)?;
    println!("{path} is empty");
    Ok(())
}

fn database() -> Result<String, Error> {
    Ok(variable("DATABASE")?.unwrap_or_else(|| DATABASE_DEFAULT.to_owned()))
}

/// An event store that shows each new commit and wakes the relay.
pub(crate) struct Watched {
    pub(crate) events: Arc<dyn EventStore>,
    pub(crate) appended: Arc<Notify>,
    pub(crate) recent: Recent,
}

#[async_trait]
impl EventStore for Watched {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        let outcome = self.events.append(commit).await;
        if outcome.is_ok() {
            show::stored(commit);
            self.recent.add(commit);
        }
        // After any error too: the commit may be stored.
        self.appended.notify_one();
        outcome
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        self.events.read(stream, from, limit).await
    }
}
