//! A folder for the files of one test.

use std::{
    fs,
    path::PathBuf,
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

use dekigoto_sqlite::Database;

/// Removed at the end of the test.
pub(crate) struct Folder {
    path: PathBuf,
    files: AtomicUsize,
}

static FOLDERS: AtomicUsize = AtomicUsize::new(0);

impl Folder {
    pub(crate) fn new() -> Self {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("sqlite-{}-{number}", process::id());
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self { path, files: AtomicUsize::new(0) }
    }

    /// A path of this name.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A new database.
    pub(crate) fn database(&self) -> Database {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        Database::open(self.file(&format!("{number}.db"))).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
