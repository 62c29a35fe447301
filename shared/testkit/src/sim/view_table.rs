//! The view table: `ViewStore` with all-or-nothing writes, and lists by index that lag behind.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    Payload, Row, RowKey, RowPage, RowQuery, ViewError, ViewStore, limits::ITEM_BYTES_MAX,
    memory::MemoryViews,
};
use futures_util::FutureExt as _;

use super::{Fault, Machine, Sim, Site};

/// A read of some rows.
pub static READ_ROWS: Site = Site { name: "read-rows", menu: Fault::OF_READ };

/// A write of some rows.
pub static WRITE_ROWS: Site = Site { name: "write-rows", menu: Fault::OF_WRITE };

/// A list. An index shows which rows it held some moments ago; the rows are those of now.
pub static LIST_ROWS: Site = Site { name: "list-rows", menu: Fault::OF_READ };

/// The longest lag of an index.
const LAG_MAX: Duration = Duration::from_secs(3);

type Listener = Box<dyn Fn(&[Row]) + Send + Sync>;

/// The writes to the rows of one partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// Stored.
    pub done: u64,
    /// Refused, because somebody else had written first.
    pub refused: u64,
}

/// The table.
#[derive(Clone)]
pub struct ViewTable(Arc<Inner>);

struct Inner {
    sim: Sim,
    rows: MemoryViews,
    /// The rows that an index shows, and the writes that it does not show yet.
    index: MemoryViews,
    behind: Mutex<VecDeque<(Duration, Vec<Row>)>>,
    listeners: Mutex<Vec<Listener>>,
    writes: Mutex<BTreeMap<String, Writes>>,
}

impl ViewTable {
    /// An empty table.
    #[must_use]
    pub fn new(sim: &Sim) -> Self {
        let (rows, index) = (MemoryViews::new(), MemoryViews::new());
        let (sim, behind, listeners) = (sim.clone(), Mutex::default(), Mutex::default());
        let writes = Mutex::default();
        Self(Arc::new(Inner { sim, rows, index, behind, listeners, writes }))
    }

    /// The writes so far, by partition.
    #[must_use]
    pub fn writes(&self) -> BTreeMap<String, Writes> {
        self.0.writes.lock().unwrap().clone()
    }

    /// Calls `listener` with the rows of each write after they are stored.
    pub fn on_write(&self, listener: impl Fn(&[Row]) + Send + Sync + 'static) {
        self.0.listeners.lock().unwrap().push(Box::new(listener));
    }

    /// Every row.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        self.0.rows.dump()
    }

    /// Every place that an index lists, or may still list because it lags.
    #[must_use]
    pub fn places(&self) -> Vec<RowKey> {
        let Inner { sim, index, behind, .. } = &*self.0;
        let mut behind = behind.lock().unwrap();
        catch_up(index, &mut behind, sim.now().saturating_sub(LAG_MAX)).unwrap();
        let shown = index.dump().into_iter();
        let rows = shown.chain(behind.iter().flat_map(|(_, rows)| rows.clone()));
        rows.flat_map(|row| row.indexes.into_values()).collect()
    }

    /// The row with that key.
    #[must_use]
    pub fn row(&self, key: &RowKey) -> Option<Row> {
        self.0.rows.read(std::slice::from_ref(key)).now_or_never().unwrap().unwrap().remove(0)
    }

    /// The table for checks: read at once, without a network or machine.
    #[must_use]
    pub fn stored(&self) -> MemoryViews {
        self.0.rows.clone()
    }

    /// The table, called from this machine.
    #[must_use]
    pub fn port(&self, machine: &Machine) -> ViewPort {
        ViewPort { table: self.clone(), machine: machine.clone() }
    }

    /// Writes at once, without a network or machine.
    ///
    /// # Errors
    /// [`ViewError`].
    pub fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        let Inner { sim, rows: table, behind, listeners, writes, .. } = &*self.0;
        if rows.iter().any(|row| row.body.as_str().len() > ITEM_BYTES_MAX) {
            return Err(ViewError::Broken("the item is over 400 KB".into()));
        }
        let written = table.write(rows).now_or_never().unwrap();
        for row in rows {
            let mut writes = writes.lock().unwrap();
            let Writes { done, refused } = writes.entry(row.key.partition.clone()).or_default();
            *if written.is_ok() { done } else { refused } += 1;
        }
        match &written {
            Ok(()) => {
                rows.iter().for_each(|row| sim.note(row.body.as_str()));
                behind.lock().unwrap().push_back((sim.now(), rows.to_vec()));
                listeners.lock().unwrap().iter().for_each(|listener| listener(rows));
            }
            Err(_) => sim.mark("view conflict"),
        }
        written
    }

    /// Replaces the body of a row, as code with a bug would. The row stays where indexes list it. Those who listen to
    /// writes do not hear of it.
    pub fn damage(&self, row: &Row, body: Payload) {
        let Inner { sim, rows: table, behind, .. } = &*self.0;
        let row = Row { revision: row.revision + 1, body, ..row.clone() };
        let rows = vec![row];
        table.write(&rows).now_or_never().unwrap().unwrap();
        rows.iter().for_each(|row| sim.note(row.body.as_str()));
        behind.lock().unwrap().push_back((sim.now(), rows));
    }

    /// The table, or the rows that an index named `lag` ago.
    fn list(&self, query: &RowQuery, lag: Duration) -> Result<RowPage, ViewError> {
        let Inner { sim, rows, index, behind, .. } = &*self.0;
        if query.index.is_none() {
            return rows.list(query).now_or_never().unwrap();
        }
        let mut behind = behind.lock().unwrap();
        catch_up(index, &mut behind, sim.now().saturating_sub(lag))?;
        if !behind.is_empty() {
            sim.mark("an index lagged");
        }
        let mut page = index.list(query).now_or_never().unwrap()?;
        let keys: Vec<RowKey> = page.rows.iter().map(|row| row.key.clone()).collect();
        let current = rows.read(&keys).now_or_never().unwrap()?.into_iter().flatten();
        let is_listed = |row: &Row| {
            let places = row.indexes.iter();
            places
                .filter(|(index, _)| Some(**index) == query.index)
                .any(|(_, place)| place.partition == query.partition)
        };
        page.rows = current.filter(is_listed).collect();
        Ok(page)
    }
}

/// Lets an index show the writes until then.
fn catch_up(
    index: &MemoryViews,
    behind: &mut VecDeque<(Duration, Vec<Row>)>,
    until: Duration,
) -> Result<(), ViewError> {
    while behind.front().is_some_and(|(written, _)| *written <= until) {
        let (_, rows) = behind.pop_front().unwrap();
        index.write(&rows).now_or_never().unwrap()?;
    }
    Ok(())
}

/// The view table as one machine reaches it.
#[derive(Clone)]
pub struct ViewPort {
    table: ViewTable,
    machine: Machine,
}

#[async_trait]
impl ViewStore for ViewPort {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        let (rows, keys) = (self.table.0.rows.clone(), keys.to_vec());
        let read = move |_: &mut _| rows.read(&keys).now_or_never().unwrap();
        let answer = self.machine.call(&READ_ROWS, read).await;
        answer.map_err(|lost| ViewError::Unavailable(lost.cause()))?
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        let (table, rows) = (self.table.clone(), rows.to_vec());
        let answer = self.machine.call(&WRITE_ROWS, move |_| table.write(&rows)).await;
        answer.map_err(|lost| ViewError::Unavailable(lost.cause()))?
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        let (table, query) = (self.table.clone(), query.clone());
        let list = move |luck: &mut super::Luck| {
            let lag = luck.dice.time(Duration::ZERO, LAG_MAX);
            table.list(&query, lag)
        };
        let answer = self.machine.call(&LIST_ROWS, list).await;
        answer.map_err(|lost| ViewError::Unavailable(lost.cause()))?
    }
}
