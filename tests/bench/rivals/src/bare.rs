//! The statements that a command cannot do without.

use tokio_postgres::{Client, NoTls, types::Type};

use crate::{WRITERS_MAX, payload, turns::fresh};

/// The columns of `postgres-es`.
const TABLE: &str = "drop table if exists bare_events; create table bare_events (aggregate_id text, sequence bigint,
    event_type text, payload text, metadata text, primary key (aggregate_id, sequence))";
const SELECT: &str =
    "select sequence, payload from bare_events where aggregate_id = $1 order by sequence";
const INSERT: &str = "insert into bare_events values ($1, 1, 'Added', $2, '{}')";

/// A connection for each writer.
pub(crate) struct Bare(Vec<Client>);

impl Bare {
    pub(crate) async fn connect(url: &str) -> Self {
        let mut clients = Vec::new();
        for _ in 0..WRITERS_MAX {
            let (client, connection) =
                tokio_postgres::connect(url, NoTls).await.expect("the server is there");
            tokio::spawn(connection);
            clients.push(client);
        }
        clients[0].batch_execute(TABLE).await.expect("the server makes the table");
        Self(clients)
    }

    pub(crate) async fn command(&self, writer: usize) {
        let number = fresh();
        let (id, payload) = (format!("command-{number}"), payload(number));
        let client = &self.0[writer];
        let found = client.query_typed(SELECT, &[(&id, Type::TEXT)]).await;
        assert!(found.expect("the server answers").is_empty());
        let params: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
            [(&id, Type::TEXT), (&payload, Type::TEXT)];
        client.query_typed(INSERT, &params).await.expect("the server takes the row");
    }
}
