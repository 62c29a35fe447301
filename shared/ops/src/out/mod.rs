//! What a command shows: text for people, JSON for machines, and whether something needs attention.

mod mask;
mod table;

use serde_json::{Value, json};

pub(crate) use mask::{Shown, mask};
pub(crate) use table::Table;

/// The result of a command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    blocks: Vec<Block>,
    json: serde_json::Map<String, Value>,
    needs_attention: bool,
}

#[derive(Clone, Debug)]
enum Block {
    Line(Tone, String),
    Table(Table),
}

/// How a line reads: only its colour differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing special.
    Plain,
    /// All is well.
    Good,
    /// Somebody must look at it.
    Bad,
    /// Less important.
    Dim,
}

impl Report {
    /// A report that another process made.
    #[cfg(feature = "aws")]
    pub(crate) fn ready(text: &str, json: Value, needs_attention: bool) -> Self {
        let line = Block::Line(Tone::Plain, text.trim_end_matches('\n').to_owned());
        let json = if let Value::Object(json) = json { json } else { serde_json::Map::new() };
        Self { blocks: vec![line], json, needs_attention }
    }

    /// Adds a line.
    pub(crate) fn line(&mut self, tone: Tone, text: impl Into<String>) {
        self.blocks.push(Block::Line(tone, text.into()));
    }

    /// Adds a table.
    pub(crate) fn table(&mut self, table: Table) {
        self.blocks.push(Block::Table(table));
    }

    /// Adds a field of the JSON.
    pub(crate) fn field(&mut self, name: &str, value: impl serde::Serialize) {
        self.json.insert(name.to_owned(), json!(value));
    }

    /// Says that something needs attention: the exit code is 1.
    pub(crate) fn attention(&mut self) {
        self.needs_attention = true;
    }

    /// Whether something needs attention.
    pub(crate) fn needs_attention(&self) -> bool {
        self.needs_attention
    }

    /// For machines.
    pub(crate) fn json(&self) -> Value {
        let mut json = self.json.clone();
        json.insert("needsAttention".to_owned(), self.needs_attention.into());
        Value::Object(json)
    }

    /// For people.
    pub(crate) fn text(&self, is_coloured: bool) -> String {
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Line(tone, text) => format!("{}\n", painted(*tone, text, is_coloured)),
            Block::Table(table) => table.text(is_coloured),
        });
        blocks.collect()
    }
}

/// The text in the colour of its tone.
pub(crate) fn painted(tone: Tone, text: &str, is_coloured: bool) -> String {
    let code = match tone {
        Tone::Plain => return text.to_owned(),
        Tone::Good => "32",
        Tone::Bad => "31",
        Tone::Dim => "2",
    };
    if is_coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_gets_colours() {
        let mut report = Report::default();
        report.line(Tone::Bad, "2 dead letters");
        assert_eq!(report.text(false), "2 dead letters\n");
        assert_eq!(report.text(true), "\u{1b}[31m2 dead letters\u{1b}[0m\n");
    }

    #[test]
    fn json_says_whether_something_needs_attention() {
        let mut report = Report::default();
        report.field("deadLetters", 2);
        report.attention();
        assert_eq!(report.json(), json!({"deadLetters": 2, "needsAttention": true}));
    }
}
