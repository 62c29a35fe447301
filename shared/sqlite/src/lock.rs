//! One process at a time. The lock is a file beside the database; the system releases it when the process ends, however
//! it ends.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use crate::failure::OpenError;

/// The path of a database without symbolic links, and its lock. Creates the folder if it is missing.
pub(crate) fn take(path: &Path) -> Result<(PathBuf, File), OpenError> {
    let not_writable = |path: &Path| {
        let path = path.to_owned();
        move |cause: std::io::Error| OpenError::NotWritable { path, cause: cause.to_string() }
    };
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(not_writable(folder))?;
    // Two names of one file must have one lock.
    let file = match path.canonicalize() {
        Ok(file) => file,
        Err(_) => {
            let folder = folder.canonicalize().map_err(not_writable(folder))?;
            folder.join(path.file_name().unwrap_or_default())
        }
    };
    let mut name = OsString::from(&file);
    name.push(".lock");
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&name);
    let lock = lock.map_err(not_writable(&file))?;
    match lock.try_lock() {
        Ok(()) => Ok((file, lock)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: file }),
        Err(TryLockError::Error(cause)) => Err(not_writable(&file)(cause)),
    }
}
