//! Tables whose columns align in every script, and that fit a terminal.

use console::{Alignment, measure_text_width, pad_str, truncate_str};

use super::{columns, dim};

/// The minimum width of a column, so that shortened texts can still be distinguished.
const NARROWEST: usize = 9;
/// The gap between two columns.
const GAP: &str = "  ";

/// A table with headings and rows.
pub(crate) struct Table {
    columns: Vec<(&'static str, Alignment)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Creates a table of texts.
    pub(crate) fn new(headings: impl IntoIterator<Item = &'static str>) -> Self {
        Self { columns: headings.into_iter().map(|heading| (heading, Alignment::Left)).collect(), rows: Vec::new() }
    }

    /// Aligns these columns to the right, as numbers.
    pub(crate) fn numbers(mut self, headings: &[&str]) -> Self {
        let numbers = self.columns.iter_mut().filter(|(heading, _)| headings.contains(heading));
        numbers.for_each(|(_, alignment)| *alignment = Alignment::Right);
        self
    }

    /// Adds a row. Cells can contain colour codes.
    pub(crate) fn row(&mut self, cells: impl Into<Vec<String>>) {
        self.rows.push(cells.into());
    }

    /// Returns the headings and rows as lines. On a terminal, long texts are shortened so that no line wraps.
    pub(crate) fn render(&self) -> String {
        self.render_within(columns())
    }

    /// Returns the same for a terminal of this many columns, if there is one.
    fn render_within(&self, columns: Option<usize>) -> String {
        let headings = self.columns.iter().map(|(heading, _)| dim(heading)).collect();
        let lines: Vec<&Vec<String>> = std::iter::once(&headings).chain(&self.rows).collect();
        let width = |column| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell: &String| measure_text_width(cell)).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        if let Some(columns) = columns {
            self.narrow(&mut widths, columns);
        }
        let render = |line: &Vec<String>| {
            let cells = line.iter().zip(&self.columns).zip(&widths);
            let cells =
                cells.map(|((cell, (_, alignment)), width)| pad_str(cell, *width, *alignment, Some("…")).into_owned());
            let line = cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned();
            columns.map_or(line.clone(), |columns| truncate_str(&line, columns, "…").into_owned())
        };
        lines.into_iter().map(render).collect::<Vec<_>>().join("\n")
    }

    /// Narrows the widest columns of text until the line fits. Numbers are not shortened.
    fn narrow(&self, widths: &mut [usize], columns: usize) {
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > columns {
            let texts =
                widths.iter_mut().zip(&self.columns).filter(|(_, (_, alignment))| *alignment == Alignment::Left);
            match texts.map(|(width, _)| width).max() {
                Some(width) if *width > NARROWEST => *width -= 1,
                Some(_) | None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use console::strip_ansi_codes;

    use super::*;

    #[test]
    fn columns_line_up_in_every_script() {
        let mut table = Table::new(["NAME", "QTY"]).numbers(&["QTY"]);
        table.row(["茶".to_owned(), "3".to_owned()]);
        table.row(["coffee".to_owned(), "12".to_owned()]);
        assert_eq!(strip_ansi_codes(&table.render()), "NAME    QTY\n茶        3\ncoffee   12");
    }

    #[test]
    fn a_table_fits_its_terminal_and_is_whole_elsewhere() {
        let mut table = Table::new(["CONSUMER", "ORDER", "VERSIONS", "REASON"]).numbers(&["VERSIONS"]);
        let (order, reason) =
            ("772e245a-26d1-5ccc-9e08-b634e0af00c7", "event PaymentPromised cannot be read: 茶 is unknown");
        table.row(["publisher".to_owned(), order.to_owned(), "3..4".to_owned(), reason.to_owned()]);
        let whole = strip_ansi_codes(&table.render_within(None)).into_owned();
        assert!(whole.contains(order) && whole.contains(reason), "{whole}");
        let narrow = table.render_within(Some(80));
        assert_eq!(
            strip_ansi_codes(&narrow),
            "CONSUMER   ORDER                          VERSIONS  REASON\n\
             publisher  772e245a-26d1-5ccc-9e08-b634…      3..4  event PaymentPromised canno…"
        );
        for columns in [20, 40, 60, 80, 100, 200] {
            let lines = table.render_within(Some(columns));
            assert!(lines.lines().all(|line| measure_text_width(line) <= columns), "{columns}: {lines}");
        }
    }
}
