//! The tables and their versions. A command of an operator runs the migrations, never a function at its start.

use std::cmp::Ordering;

use dekigoto::StoreFailure;
use tokio_postgres::types::Type;

use crate::{Postgres, failure::failure_of};

/// The version of the tables that this crate works with.
pub const SCHEMA_VERSION: i32 = 3;

/// What each version adds, from version 1. Forward only: a step is never changed after its release.
const STEPS: [&str; 3] = [
    include_str!("migrations/1.sql"),
    include_str!("migrations/2.sql"),
    include_str!("migrations/3.sql"),
];

const _: () = assert!(STEPS.len() == 3 && SCHEMA_VERSION == 3);

/// The roles of the functions. They cannot log in; grant them to the users that can.
const ROLES: [&str; 3] = ["dekigoto_api", "dekigoto_relay", "dekigoto_projector"];

/// Only one migration at a time. Any number that nobody else locks.
const LOCK: i64 = 0x6465_6b69_676f;

const MIGRATE: &str = "PostgreSQL migrate";

/// Why the tables could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer program has migrated them.
    #[error(
        "the tables have version {found}, and this program knows version {SCHEMA_VERSION}: use the newer program"
    )]
    Newer {
        /// Their version.
        found: i32,
    },
    /// The server did not do it. Nothing was changed.
    #[error("the tables were not changed: {}", .0.cause)]
    Failed(StoreFailure),
}

/// Why a program cannot work with the tables as they are. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotCurrent {
    /// They are missing, or of an older program.
    #[error(
        "the tables have version {found}, and this program needs version {SCHEMA_VERSION}: run dekigoto migrate"
    )]
    Older {
        /// Their version, or 0 if there are none.
        found: i32,
    },
    /// A newer program has migrated them.
    #[error(
        "the tables have version {found}, and this program knows version {SCHEMA_VERSION}: use the newer program"
    )]
    Newer {
        /// Their version.
        found: i32,
    },
    /// The server did not say.
    #[error("the version of the tables is not known: {}", .0.cause)]
    Unknown(StoreFailure),
}

impl Postgres {
    /// Creates the schema, the roles and the tables, or brings them up to date: all steps or none. Returns the version
    /// before. Safe to repeat, and to run twice at the same time.
    ///
    /// # Errors
    /// [`MigrateError`].
    pub async fn migrate(&self) -> Result<i32, MigrateError> {
        let found = self.in_transaction().await?;
        if found > SCHEMA_VERSION {
            return Err(MigrateError::Newer { found });
        }
        Ok(found)
    }

    /// Checks that the tables have the version that this program works with. A program calls it at its start, where it
    /// must not migrate.
    ///
    /// # Errors
    /// [`NotCurrent`], which says what to do.
    pub async fn expect_current(&self) -> Result<(), NotCurrent> {
        let found = self.version().await.map_err(NotCurrent::Unknown)?;
        match found.cmp(&SCHEMA_VERSION) {
            Ordering::Less => Err(NotCurrent::Older { found }),
            Ordering::Equal => Ok(()),
            Ordering::Greater => Err(NotCurrent::Newer { found }),
        }
    }

    /// The version of the tables, or 0 if there are none. Changes nothing.
    ///
    /// # Errors
    /// When the server does not answer, or refuses the user.
    pub async fn version(&self) -> Result<i32, StoreFailure> {
        let schema = self.schema();
        let client = self.client().await?;
        let failed = |cause| failure_of(MIGRATE, &cause);
        let statement = format!("select to_regclass('{schema}.versions') is not null");
        let rows = client.query_typed(&statement, &[]).await.map_err(failed)?;
        let is_there = rows.first().map(|row| row.try_get(0)).transpose().map_err(failed)?;
        if is_there != Some(true) {
            return Ok(0);
        }
        let statement = format!("select coalesce(max(version), 0) from {schema}.versions");
        let rows = client.query_typed(&statement, &[]).await.map_err(failed)?;
        let version = rows.first().map(|row| row.try_get(0)).transpose().map_err(failed)?;
        Ok(version.unwrap_or(0))
    }

    async fn in_transaction(&self) -> Result<i32, MigrateError> {
        let schema = self.schema();
        let client = self.client().await.map_err(MigrateError::Failed)?;
        let failed = |cause| MigrateError::Failed(failure_of(MIGRATE, &cause));
        let run = async |statement: &str| client.batch_execute(statement).await.map_err(failed);
        run("begin").await?;
        let done: Result<i32, MigrateError> = async {
            run(&format!("select pg_advisory_xact_lock({LOCK})")).await?;
            for role in ROLES {
                run(&format!(
                    "do $$ begin
                       if not exists (select 1 from pg_roles where rolname = '{role}') then
                         create role {role} nologin;
                       end if;
                     end $$"
                ))
                .await?;
            }
            run(&format!("create schema if not exists {schema}")).await?;
            run(&format!(
                "create table if not exists {schema}.versions (
                   version integer primary key, at timestamptz not null default now())"
            ))
            .await?;
            let statement = format!("select coalesce(max(version), 0) from {schema}.versions");
            let rows = client.query_typed(&statement, &[]).await.map_err(failed)?;
            let found: i32 = match rows.first() {
                Some(row) => row.try_get(0).map_err(failed)?,
                None => 0,
            };
            for (version, step) in (1..).zip(STEPS).filter(|(version, _)| *version > found) {
                run(&step.replace("{schema}", &schema.to_string())).await?;
                let statement = format!("insert into {schema}.versions (version) values ($1)");
                client.query_typed(&statement, &[(&version, Type::INT4)]).await.map_err(failed)?;
            }
            Ok(found)
        }
        .await;
        run(if done.is_ok() { "commit" } else { "rollback" }).await?;
        done
    }
}
