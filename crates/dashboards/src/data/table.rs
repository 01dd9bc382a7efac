//! Answers as tables: a row for each series, a column for each label.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Answer,
    fields::{Fields, Looked},
    line::Line,
};
use crate::{
    model::FieldConfig,
    prometheus::{Labels, Point, Series},
};

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing is there.
    Empty,
    /// A value.
    Number(f64),
    /// In seconds since 1970.
    Time(f64),
    /// A label's value.
    Text(String),
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// As people see it, and transformations call it.
    pub name: String,
    /// Of the target.
    pub ref_id: String,
    /// As many as the table has rows.
    pub cells: Vec<Cell>,
    /// What holds for it.
    pub config: Arc<FieldConfig>,
}

/// All columns are of the same length.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// From the left.
    pub columns: Vec<Column>,
}

impl Cell {
    /// `number`, `time` or `string`.
    fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::Time(_) => "time",
            Self::Empty | Self::Text(_) => "string",
        }
    }
}

impl Column {
    pub(super) fn new(name: impl Into<String>, ref_id: &str, cells: Vec<Cell>) -> Self {
        Self {
            name: name.into(),
            ref_id: ref_id.to_owned(),
            cells,
            config: Arc::default(),
        }
    }

    /// Of the first cell that is not empty.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        let first = self.cells.iter().find(|cell| **cell != Cell::Empty);
        first.map_or("string", Cell::kind)
    }
}

impl Table {
    /// How many there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.cells.len())
    }

    /// The first of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// With its fields' configurations, and names of their own.
    #[must_use]
    pub fn configured(mut self, fields: &Fields<'_>) -> Self {
        for column in &mut self.columns {
            column.config = fields.of(Looked {
                name: &column.name,
                kind: column.kind(),
                ref_id: &column.ref_id,
            });
            let own = column.config.display_name.clone();
            if let Some(own) = own.filter(|own| !own.is_empty()) {
                column.name = own;
            }
        }
        self
    }

    /// The rows in another order, or only some of them.
    pub(super) fn reordered(&mut self, rows: &[usize]) {
        for column in &mut self.columns {
            column.cells = rows.iter().map(|row| column.cells[*row].clone()).collect();
        }
    }
}

/// One of each answer to a query for a table; one of all others together.
#[must_use]
pub fn tables(answers: &[Answer], lines: &[Line]) -> Vec<Table> {
    let (tables, others): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.target.format == "table");
    let many = answers.len() > 1;
    let mut out: Vec<_> = tables
        .into_iter()
        .map(|answer| labels_as_columns(answer, many))
        .collect();
    if !others.is_empty() {
        let of_others: Vec<&Line> = lines
            .iter()
            .filter(|line| others.iter().any(|answer| answer.target.ref_id == line.ref_id))
            .collect();
        out.push(times_as_rows(&of_others));
    }
    out
}

/// `Time`, the labels, `Value`; with the target's id where there are more targets.
fn labels_as_columns(answer: &Answer, many: bool) -> Table {
    let ref_id = &answer.target.ref_id;
    let rows: Vec<(&Labels, &Point)> = answer
        .series
        .iter()
        .flat_map(|series: &Series| series.points.iter().map(move |point| (&series.labels, point)))
        .collect();
    let names: BTreeSet<&String> = rows.iter().flat_map(|(labels, _)| labels.keys()).collect();
    let column = |name: &str, cell: &dyn Fn(&Labels, &Point) -> Cell| {
        let cells = rows.iter().map(|(labels, point)| cell(labels, point)).collect();
        Column::new(name, ref_id, cells)
    };
    let mut columns = vec![column("Time", &|_, point| Cell::Time(point.time))];
    for name in names {
        columns.push(column(name, &|labels, _| {
            labels.get(name).map_or(Cell::Empty, |value| Cell::Text(value.clone()))
        }));
    }
    let value = if many {
        format!("Value #{ref_id}")
    } else {
        "Value".to_owned()
    };
    columns.push(column(&value, &|_, point| Cell::Number(point.value)));
    Table { columns }
}

/// `Time` and a column for each series, the newest first.
fn times_as_rows(lines: &[&Line]) -> Table {
    let millis = |point: &Point| (point.time * 1000.0) as i64;
    let times: BTreeSet<i64> = lines.iter().flat_map(|line| line.points.iter().map(millis)).collect();
    let times: Vec<i64> = times.into_iter().rev().collect();
    let time = times.iter().map(|millis| Cell::Time(*millis as f64 / 1000.0)).collect();
    let mut columns = vec![Column::new("Time", "", time)];
    for line in lines {
        let at = |time: &i64| {
            let found = line.points.binary_search_by_key(time, millis);
            found.map_or(Cell::Empty, |index| Cell::Number(line.points[index].value))
        };
        columns.push(Column::new(&line.name, &line.ref_id, times.iter().map(at).collect()));
    }
    Table { columns }
}
