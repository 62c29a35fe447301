//! Tables as text: columns as wide as their cells.

use super::{Tone, painted};

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<(Tone, Vec<String>)>,
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { head: head.iter().map(|it| it.to_uppercase()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, tone: Tone, cells: [String; N]) {
        self.rows.push((tone, cells.into()));
    }

    /// Whether there is no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn text(&self, is_coloured: bool) -> String {
        let widths: Vec<usize> = (0..self.head.len()).map(|column| self.width(column)).collect();
        let line = |cells: &[String]| {
            let padded = cells.iter().zip(&widths).map(|(cell, width)| {
                let cell = one_line(cell);
                let fill = width.saturating_sub(cell.chars().count());
                format!("{cell}{}", " ".repeat(fill))
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let head = painted(Tone::Dim, &line(&self.head), is_coloured);
        let rows = self.rows.iter().map(|(tone, cells)| painted(*tone, &line(cells), is_coloured));
        let lines = std::iter::once(head).chain(rows);
        lines.map(|line| format!("{line}\n")).collect()
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|(_, cells)| cells.get(column));
        let all = cells.chain(self.head.get(column));
        all.map(|cell| one_line(cell).chars().count()).max().unwrap_or(0)
    }
}

/// The cell without control characters: a stored text must not move the cursor of a terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let mut table = Table::new(["queue", "n"]);
        table.row(Tone::Plain, ["a".to_owned(), "100".to_owned()]);
        table.row(Tone::Plain, ["audit-queue".to_owned(), "2".to_owned()]);
        assert_eq!(table.text(false), "QUEUE        N\na            100\naudit-queue  2\n");
    }

    #[test]
    fn a_cell_cannot_control_the_terminal() {
        let mut table = Table::new(["x"]);
        table.row(Tone::Plain, ["a\u{1b}[2Jb\nc".to_owned()]);
        assert_eq!(table.text(false), "X\na [2Jb c\n");
    }
}
