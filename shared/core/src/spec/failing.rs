//! Runs specs that must fail.

use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

thread_local! {
    static FAILED_AT: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// The message and the line of a failing spec in `test_file`. Panics of other tests are reported as usual.
pub(super) fn failure_of(test_file: &str, spec: impl FnOnce()) -> (String, u32) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let at = info.location().map(|at| (at.file().to_owned(), at.line()));
            let expected = FAILED_AT.with_borrow_mut(|place| match place {
                Some(place) => {
                    *place = at.unwrap_or_default();
                    true
                }
                None => false,
            });
            if !expected {
                usual(info);
            }
        }));
    });
    FAILED_AT.set(Some((String::new(), 0)));
    let outcome = panic::catch_unwind(AssertUnwindSafe(spec));
    let (file, line) = FAILED_AT.take().unwrap();
    let message = outcome.expect_err("the spec should have failed");
    assert!(file.ends_with(test_file), "reported in {file}");
    (message.downcast_ref::<String>().unwrap().clone(), line)
}

/// Asserts that the reported line contains `text`. Comparing text, not numbers, survives reformatting.
#[track_caller]
pub(super) fn assert_reported_at(source: &str, line: u32, text: &str) {
    let index = usize::try_from(line).unwrap() - 1;
    let reported = source.lines().nth(index).unwrap();
    assert!(reported.contains(text), "line {line} is reported: {reported}");
}
