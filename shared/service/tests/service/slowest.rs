//! Records the slowest request of all tests, which `make unit` shows.

use std::{sync::Mutex, time::Duration};

/// No request may take longer than this on memory adapters. Generous, because printing the backtrace of a panic alone can
/// take half a second on a busy machine.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(5);

const FILE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/slowest-request.txt");

static SLOWEST: Mutex<Duration> = Mutex::new(Duration::ZERO);

/// Checks the time of a request, and records the slowest one so far with its test.
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
