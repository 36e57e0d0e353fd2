//! Columns that line up, whatever script their text is in.

use console::{Alignment, measure_text_width, pad_str};

use super::dim;

/// On which side a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows under headings.
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: impl Into<Vec<(&'static str, Align)>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    /// Adds a row; cells may be coloured.
    pub(crate) fn row(&mut self, cells: impl Into<Vec<String>>) {
        self.rows.push(cells.into());
    }

    /// Headings and rows, a line each.
    pub(crate) fn render(&self) -> String {
        let headings = self.columns.iter().map(|(heading, _)| dim(heading)).collect();
        let lines: Vec<&Vec<String>> = std::iter::once(&headings).chain(&self.rows).collect();
        let width = |column| {
            lines
                .iter()
                .filter_map(|line| line.get(column))
                .map(|cell: &String| measure_text_width(cell))
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let render = |line: &Vec<String>| {
            let cells = line.iter().zip(&self.columns).zip(&widths).map(|((cell, (_, align)), width)| {
                let alignment = match align {
                    Align::Left => Alignment::Left,
                    Align::Right => Alignment::Right,
                };
                pad_str(cell, *width, alignment, None).into_owned()
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        lines.into_iter().map(render).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use console::strip_ansi_codes;

    use super::*;

    #[test]
    fn columns_line_up_in_every_script() {
        let mut table = Table::new([("NAME", Align::Left), ("QTY", Align::Right)]);
        table.row(["茶".to_owned(), "3".to_owned()]);
        table.row(["coffee".to_owned(), "12".to_owned()]);
        assert_eq!(strip_ansi_codes(&table.render()), "NAME    QTY\n茶        3\ncoffee   12");
    }
}
