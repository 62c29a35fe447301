//! A screen that keeps its lines. Only for tests.

use std::sync::Mutex;

use crate::cloud::Screen;

#[derive(Default)]
pub(crate) struct Lines(pub(crate) Mutex<Vec<String>>);

impl Screen for Lines {
    fn line(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }

    fn progress(&self, text: &str) {
        self.line(text);
    }
}
