//! Data as a table for people, as JSON or as CSV; no colour anywhere.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use serde_json::{Map, Value};

use crate::cli::Output;

/// One rule under the headings and nothing else: it reads well and wraps well.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─'));

/// Rows with the same columns.
pub struct Rows {
    columns: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
}

impl Rows {
    /// No rows yet.
    pub fn new(columns: &[&'static str]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; one value a column.
    pub fn push(&mut self, row: Vec<Value>) {
        debug_assert_eq!(row.len(), self.columns.len(), "one value a column");
        self.rows.push(row);
    }

    /// Adds a row of texts.
    pub fn push_texts<T: Into<String>>(&mut self, row: impl IntoIterator<Item = T>) {
        self.push(row.into_iter().map(|text| Value::String(text.into())).collect());
    }

    /// Prints to standard output.
    ///
    /// # Errors
    /// Standard output is closed.
    pub fn print(&self, output: Output) -> anyhow::Result<()> {
        self.write(output, &mut io::stdout().lock())
    }

    /// Writes to anywhere.
    ///
    /// # Errors
    /// The writer fails.
    pub fn write(&self, output: Output, to: &mut dyn Write) -> anyhow::Result<()> {
        match output {
            Output::Table => self.table(to),
            Output::Json => self.json(to),
            Output::Csv => self.csv(to),
        }
    }

    fn table(&self, to: &mut dyn Write) -> anyhow::Result<()> {
        let mut table = Table::new();
        table.load_style(STYLE);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(self.columns.iter().map(|name| name.replace('_', " ")));
        for row in &self.rows {
            table.add_row(row.iter().map(|value| printable(&text(value))));
        }
        writeln!(to, "{table}")?;
        Ok(())
    }

    /// The rows as JSON objects.
    pub fn to_json(&self) -> Vec<Value> {
        self.rows
            .iter()
            .map(|row| {
                let names = self.columns.iter().map(|name| (*name).to_owned());
                Value::Object(names.zip(row.iter().cloned()).collect::<Map<_, _>>())
            })
            .collect()
    }

    fn json(&self, to: &mut dyn Write) -> anyhow::Result<()> {
        serde_json::to_writer_pretty(&mut *to, &self.to_json())?;
        writeln!(to)?;
        Ok(())
    }

    fn csv(&self, to: &mut dyn Write) -> anyhow::Result<()> {
        let mut writer = csv::Writer::from_writer(to);
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            let cells =
                row.iter().map(|value| onward_exchange::csv::neutralise(&text(value)).into_owned());
            writer.write_record(cells)?;
        }
        writer.flush()?;
        Ok(())
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A terminal must not be steered by what somebody typed into a form.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{FFFD}' } else { c }).collect()
}
