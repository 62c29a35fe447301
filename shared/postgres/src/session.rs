//! One connection, made when it is first needed and again when it broke.

use std::{sync::Arc, time::Duration};

use dekigoto::{FailureKind, Source, StoreFailure};
use rustls::ClientConfig;
use tokio::{sync::Mutex, time::timeout};
use tokio_postgres::{
    Client, Config, Error, NoTls, Row,
    config::SslMode,
    types::{ToSql, Type},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    Passwords, PostgresEventStore, PostgresOutbox, PostgresParking, PostgresViewStore, SchemaName,
    append::Appends,
    failure::{ends_session, failure_of, not_connected},
};

/// Time to connect.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(3);

/// Time of one statement.
const STATEMENT_TIME_MAX: Duration = Duration::from_secs(5);

/// The server ends a statement earlier, in milliseconds, so that it is known that nothing was done.
const SERVER_MS_MAX: u64 = 4_000;

const _: () = assert!(SERVER_MS_MAX < STATEMENT_TIME_MAX.as_secs() * 1_000);

const CONNECT: &str = "PostgreSQL connect";

/// What the target group of an RDS Proxy must have as its `InitQuery`: the server ends a statement before its client stops
/// waiting.
pub const RDS_PROXY_INIT_QUERY: &str = "SET statement_timeout=4000";

/// Where a database behind RDS Proxy is, and whose session it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RdsPlace {
    /// The proxy's endpoint.
    pub host: String,
    /// Usually 5432.
    pub port: u16,
    /// The user, who has one of the roles of the schema.
    pub user: String,
    /// The name of the database.
    pub database: String,
}

/// A value and its type. With the types, a statement needs one round trip and no name, so RDS Proxy does not pin it.
pub(crate) type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// The values of a statement.
pub(crate) mod param {
    use super::{Param, ToSql, Type};

    type Value<'a> = &'a (dyn ToSql + Sync);

    pub(crate) fn text(value: Value<'_>) -> Param<'_> {
        (value, Type::TEXT)
    }

    pub(crate) fn texts(value: Value<'_>) -> Param<'_> {
        (value, Type::TEXT_ARRAY)
    }

    pub(crate) fn int2(value: Value<'_>) -> Param<'_> {
        (value, Type::INT2)
    }

    pub(crate) fn int2s(value: Value<'_>) -> Param<'_> {
        (value, Type::INT2_ARRAY)
    }

    pub(crate) fn int8(value: Value<'_>) -> Param<'_> {
        (value, Type::INT8)
    }

    pub(crate) fn int8s(value: Value<'_>) -> Param<'_> {
        (value, Type::INT8_ARRAY)
    }

    pub(crate) fn float8(value: Value<'_>) -> Param<'_> {
        (value, Type::FLOAT8)
    }
}

/// A database. Its stores share one connection.
#[derive(Clone)]
pub struct Postgres {
    shared: Arc<Shared>,
}

struct Shared {
    config: Config,
    tls: Option<ClientConfig>,
    passwords: Option<Arc<dyn Passwords>>,
    schema: SchemaName,
    client: Mutex<Option<Arc<Client>>>,
    appends: Appends,
}

impl Postgres {
    /// The database that a URL names, such as `postgres://user:password@host:5432/database`. It connects when it is first
    /// used, over TLS if `tls` is given.
    ///
    /// The server ends a statement after 4 s, unless the URL has `options` of its own.
    ///
    /// # Errors
    /// When the URL cannot be read. The text does not repeat it, because it holds the password.
    pub fn new(url: &str, tls: Option<ClientConfig>) -> Result<Self, StoreFailure> {
        let unreadable =
            |cause: Error| StoreFailure::broken("PostgreSQL URL", format!("not a URL: {cause}"));
        let mut config: Config = url.parse().map_err(unreadable)?;
        if config.get_options().is_none() {
            config.options(format!("-c statement_timeout={SERVER_MS_MAX}"));
        }
        Ok(Self::of(config, tls, None, SchemaName::default()))
    }

    /// A database behind Amazon RDS Proxy, over TLS. Each new connection gets a password of its own.
    ///
    /// The proxy refuses a session that starts with `options`, and pins one that sets something later. So it must limit the
    /// time of statements itself, by its `InitQuery`: [`RDS_PROXY_INIT_QUERY`].
    #[must_use]
    pub fn on_rds_proxy(
        place: &RdsPlace,
        tls: ClientConfig,
        passwords: Arc<dyn Passwords>,
    ) -> Self {
        let mut config = Config::new();
        config.host(&place.host).port(place.port).user(&place.user).dbname(&place.database);
        Self::of(config, Some(tls), Some(passwords), SchemaName::default())
    }

    fn of(
        mut config: Config,
        tls: Option<ClientConfig>,
        passwords: Option<Arc<dyn Passwords>>,
        schema: SchemaName,
    ) -> Self {
        config.connect_timeout(CONNECT_TIME_MAX);
        config.application_name("dekigoto");
        if tls.is_some() {
            // By default, a server that refuses TLS gets everything without it.
            config.ssl_mode(SslMode::Require);
        }
        let (client, appends) = (Mutex::default(), Appends::default());
        Self { shared: Arc::new(Shared { config, tls, passwords, schema, client, appends }) }
    }

    /// The same database, on a connection of its own.
    #[must_use]
    pub fn another(&self) -> Self {
        self.in_schema(self.shared.schema.clone())
    }

    /// The same database, on a connection of its own, with the tables in this schema instead of `dekigoto`.
    #[must_use]
    pub fn in_schema(&self, schema: SchemaName) -> Self {
        let Shared { config, tls, passwords, .. } = &*self.shared;
        Self::of(config.clone(), tls.clone(), passwords.clone(), schema)
    }

    /// The event store.
    #[must_use]
    pub fn events(&self) -> PostgresEventStore {
        PostgresEventStore(self.clone())
    }

    /// The outbox of the event store.
    #[must_use]
    pub fn outbox(&self) -> PostgresOutbox {
        PostgresOutbox(self.clone())
    }

    /// The view store.
    #[must_use]
    pub fn views(&self) -> PostgresViewStore {
        PostgresViewStore(self.clone())
    }

    /// Where to park what cannot be handled.
    #[must_use]
    pub fn parking(&self) -> PostgresParking {
        PostgresParking(self.clone())
    }

    pub(crate) fn appends(&self) -> &Appends {
        &self.shared.appends
    }

    pub(crate) fn schema(&self) -> &SchemaName {
        &self.shared.schema
    }

    /// Runs a statement in a transaction of its own, in one round trip.
    ///
    /// # Errors
    /// The server's error, for callers that expect one; or the failure.
    pub(crate) async fn query(
        &self,
        operation: &'static str,
        statement: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Failed> {
        let client = self.client().await?;
        let answer = timeout(STATEMENT_TIME_MAX, client.query_typed(statement, params)).await;
        match answer {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => {
                if ends_session(&error) {
                    self.forget(&client).await;
                }
                let is_division = error.code().is_some_and(|code| code.code() == "22012");
                Err(Failed { failure: failure_of(operation, &error), is_division })
            }
            Err(_) => {
                self.forget(&client).await;
                let seconds = STATEMENT_TIME_MAX.as_secs();
                let reason = format!("no answer in {seconds} s");
                Err(StoreFailure::new(FailureKind::Unknown, operation, reason).into())
            }
        }
    }

    /// The connection, which is made if there is none.
    pub(crate) async fn client(&self) -> Result<Arc<Client>, StoreFailure> {
        let mut client = self.shared.client.lock().await;
        if let Some(open) = client.as_ref().filter(|it| !it.is_closed()) {
            return Ok(Arc::clone(open));
        }
        let opened = Arc::new(self.connect().await?);
        *client = Some(Arc::clone(&opened));
        Ok(opened)
    }

    async fn connect(&self) -> Result<Client, StoreFailure> {
        let Shared { config, tls, passwords, .. } = &*self.shared;
        let mut config = config.clone();
        if let Some(passwords) = passwords {
            let password = passwords.next().await;
            let none =
                |cause: Source| StoreFailure::new(FailureKind::Busy, CONNECT, cause.to_string());
            config.password(password.map_err(none)?);
        }
        let failed = |cause: Error| not_connected(&cause);
        let slow = |_| StoreFailure::new(FailureKind::Busy, CONNECT, "no answer; try again");
        if let Some(tls) = tls {
            let connecting = config.connect(MakeRustlsConnect::new(tls.clone()));
            let (client, connection) =
                timeout(CONNECT_TIME_MAX, connecting).await.map_err(slow)?.map_err(failed)?;
            // Its errors also come to the calls.
            tokio::spawn(async move { drop(connection.await) });
            return Ok(client);
        }
        let connecting = config.connect(NoTls);
        let (client, connection) =
            timeout(CONNECT_TIME_MAX, connecting).await.map_err(slow)?.map_err(failed)?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(client)
    }

    /// The next call connects again, unless another call already did.
    async fn forget(&self, broken: &Arc<Client>) {
        let mut client = self.shared.client.lock().await;
        if client.as_ref().is_some_and(|it| Arc::ptr_eq(it, broken)) {
            *client = None;
        }
    }
}

impl std::fmt::Debug for Postgres {
    // Without the configuration, which holds the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").field("schema", &self.shared.schema).finish_non_exhaustive()
    }
}

/// A statement that failed.
pub(crate) struct Failed {
    pub(crate) failure: StoreFailure,
    /// Whether it divided by zero, which some statements do on purpose to undo themselves.
    pub(crate) is_division: bool,
}

impl From<StoreFailure> for Failed {
    fn from(failure: StoreFailure) -> Self {
        Self { failure, is_division: false }
    }
}
