//! The slowest request of all tests, for `make unit` to show.

use std::{sync::Mutex, time::Duration};

/// No request may take longer than this on memory adapters, whatever it sends. A panic writes its backtrace meanwhile, and
/// on a busy machine that alone is half a second.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(5);

const FILE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/slowest-request.txt");

static SLOWEST: Mutex<Duration> = Mutex::new(Duration::ZERO);

/// A request took that long. The slowest one so far is written down with its test.
pub(crate) fn took(time: Duration, request: &str) {
    assert!(time < REQUEST_TIME_MAX, "{request} took {time:?}");
    let mut slowest = SLOWEST.lock().unwrap();
    if time <= *slowest {
        return;
    }
    *slowest = time;
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let line = format!("slowest request of the handler tests: {time:.1?}, {request} in {test}\n");
    std::fs::write(FILE, line).unwrap();
}
