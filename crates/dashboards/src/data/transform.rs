//! Grafana's transformations of tables, as far as they are known here.

use std::{cmp::Ordering, collections::BTreeMap};

use regex::Regex;
use serde_json::Value;

use super::table::{Cell, Column, Table};
use crate::{look::reduce, model::Transformation, prometheus::Point};

/// What becomes of tables, and what of it is not known here.
#[must_use]
pub fn transform(mut tables: Vec<Table>, transformations: &[Transformation]) -> (Vec<Table>, Vec<String>) {
    let mut problems = Vec::new();
    for Transformation {
        id, options, disabled, ..
    } in transformations
    {
        if *disabled {
            continue;
        }
        match id.as_str() {
            "organize" => tables.iter_mut().for_each(|table| organize(table, options)),
            "merge" => tables = vec![merged(tables)],
            "filterFieldsByName" => tables.iter_mut().for_each(|table| filter_by_name(table, options)),
            "filterByRefId" => {
                let wanted = text(options, "include");
                tables.retain(|table| table.columns.iter().any(|column| wanted.contains(&column.ref_id)));
            }
            "sortBy" => tables.iter_mut().for_each(|table| sort_by(table, options)),
            "renameByRegex" => tables.iter_mut().for_each(|table| rename(table, options)),
            "limit" => {
                let limit = options.get("limitField").and_then(Value::as_u64).unwrap_or(10);
                let cut = |table: &mut Table| {
                    let rows: Vec<usize> = (0..table.rows()).take(limit as usize).collect();
                    table.reordered(&rows);
                };
                tables.iter_mut().for_each(cut);
            }
            "reduce" => tables = vec![reduced(&tables, options)],
            other => problems.push(format!("transformation {other} is not known here")),
        }
    }
    (tables, problems)
}

fn text<'a>(options: &'a Value, name: &str) -> &'a str {
    options.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Leaves columns out, puts them in order, and gives them other names.
fn organize(table: &mut Table, options: &Value) {
    let of = |what: &str, name: &str| options.get(what).and_then(|names| names.get(name)).cloned();
    let included = options
        .get("includeByName")
        .and_then(Value::as_object)
        .is_some_and(|names| !names.is_empty());
    table.columns.retain(|column| {
        let excluded = of("excludeByName", &column.name).and_then(|value| value.as_bool());
        let wanted = !included || of("includeByName", &column.name) == Some(Value::Bool(true));
        excluded != Some(true) && wanted
    });
    let place = |column: &Column| of("indexByName", &column.name).and_then(|value| value.as_i64());
    table.columns.sort_by_key(|column| place(column).unwrap_or(i64::MAX));
    for column in &mut table.columns {
        let new = of("renameByName", &column.name);
        if let Some(new) = new.as_ref().and_then(Value::as_str).filter(|new| !new.is_empty()) {
            column.name = new.to_owned();
        }
    }
}

/// Rows that agree in all columns they share become one.
fn merged(tables: Vec<Table>) -> Table {
    let mut columns: Vec<Column> = Vec::new();
    for column in tables.iter().flat_map(|table| &table.columns) {
        if !columns.iter().any(|known| known.name == column.name) {
            columns.push(Column::new(&column.name, &column.ref_id, Vec::new()));
        }
    }
    // What comes from one table alone is what rows may lack.
    let shared = |name: &str| tables.iter().all(|table| table.column(name).is_some());
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for table in &tables {
        for row in 0..table.rows() {
            let cell = |name: &str| table.column(name).map_or(&Cell::Empty, |column| &column.cells[row]);
            let key: Vec<_> = columns
                .iter()
                .filter(|column| shared(&column.name))
                .map(|column| format!("{:?}", cell(&column.name)))
                .collect();
            let alone = places.len();
            let key = if tables.len() > 1 {
                key.join("\n")
            } else {
                row.to_string()
            };
            let place = *places.entry(key).or_insert(alone);
            for column in &mut columns {
                column.cells.resize((place + 1).max(column.cells.len()), Cell::Empty);
                let cell = cell(&column.name);
                if *cell != Cell::Empty {
                    column.cells[place] = cell.clone();
                }
            }
        }
    }
    Table { columns }
}

fn filter_by_name(table: &mut Table, options: &Value) {
    let keeps = |part: &str, name: &str| {
        let part = options.get(part)?;
        let names = part.get("names").and_then(Value::as_array);
        let pattern = part.get("pattern").and_then(Value::as_str);
        let named = names.is_some_and(|names| names.iter().any(|known| known == name));
        let pattern = pattern.map(|pattern| pattern.trim_matches('/'));
        let matched = pattern.is_some_and(|pattern| Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(name)));
        (names.is_some() || pattern.is_some()).then_some(named || matched)
    };
    table.columns.retain(|column| {
        keeps("include", &column.name).unwrap_or(true) && !keeps("exclude", &column.name).unwrap_or(false)
    });
}

fn sort_by(table: &mut Table, options: &Value) {
    let sorts = options.get("sort").and_then(Value::as_array);
    if let Some(sort) = sorts.and_then(|sorts| sorts.first()) {
        let descending = sort.get("desc").and_then(Value::as_bool).unwrap_or(false);
        table.sort(text(sort, "field"), descending);
    }
}

impl Table {
    /// By a column; nothing where there is none of that name. Empty cells come last.
    pub fn sort(&mut self, name: &str, descending: bool) {
        let Some(column) = self.column(name) else { return };
        let mut rows: Vec<usize> = (0..self.rows()).collect();
        rows.sort_by(|a, b| {
            let (a, b) = (&column.cells[*a], &column.cells[*b]);
            match (a, b) {
                (Cell::Empty, _) | (_, Cell::Empty) => (*a == Cell::Empty).cmp(&(*b == Cell::Empty)),
                _ if descending => compare(b, a),
                _ => compare(a, b),
            }
        });
        self.reordered(&rows);
    }
}

fn compare(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        (Cell::Number(a) | Cell::Time(a), Cell::Number(b) | Cell::Time(b)) => a.total_cmp(b),
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        _ => Ordering::Equal,
    }
}

fn rename(table: &mut Table, options: &Value) {
    let Ok(pattern) = Regex::new(text(options, "regex").trim_matches('/')) else {
        return;
    };
    for column in &mut table.columns {
        let new = pattern
            .replace(&column.name, text(options, "renamePattern"))
            .into_owned();
        column.name = new;
    }
}

/// A row for each column of numbers: its name, and what it comes to.
fn reduced(tables: &[Table], options: &Value) -> Table {
    let calcs = options.get("reducers").and_then(Value::as_array);
    let calcs: Vec<&str> = calcs.map_or(vec!["max"], |calcs| calcs.iter().filter_map(Value::as_str).collect());
    let numbers: Vec<&Column> = tables
        .iter()
        .flat_map(|table| &table.columns)
        .filter(|column| column.kind() == "number")
        .collect();
    let names = numbers.iter().map(|column| Cell::Text(column.name.clone())).collect();
    let mut columns = vec![Column::new("Field", "", names)];
    for calc in calcs {
        let value = |column: &&Column| {
            let points: Vec<_> = column.cells.iter().filter_map(point).collect();
            reduce(&points, calc).map_or(Cell::Empty, Cell::Number)
        };
        columns.push(Column::new(
            crate::look::calc_name(calc),
            "",
            numbers.iter().map(value).collect(),
        ));
    }
    Table { columns }
}

fn point(cell: &Cell) -> Option<Point> {
    match cell {
        Cell::Number(value) => Some(Point {
            time: 0.0,
            value: *value,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table(columns: &[(&str, &[&str])]) -> Table {
        let cell = |text: &&str| match text.parse() {
            Ok(number) => Cell::Number(number),
            Err(_) if text.is_empty() => Cell::Empty,
            Err(_) => Cell::Text((*text).to_owned()),
        };
        let column = |(name, cells): &(&str, &[&str])| Column::new(*name, "A", cells.iter().map(cell).collect());
        Table {
            columns: columns.iter().map(column).collect(),
        }
    }

    fn text_of(table: &Table) -> Vec<String> {
        let cell = |cell: &Cell| match cell {
            Cell::Empty => "-".to_owned(),
            Cell::Number(number) | Cell::Time(number) => number.to_string(),
            Cell::Text(text) => text.clone(),
        };
        let column = |column: &Column| {
            let cells: Vec<_> = column.cells.iter().map(cell).collect();
            format!("{}: {}", column.name, cells.join(" "))
        };
        table.columns.iter().map(column).collect()
    }

    #[test]
    fn each_transformation_does_what_grafanas_does() {
        let one = || table(&[("host", &["a", "b"]), ("Value #A", &["1", "2"])]);
        let other = || table(&[("host", &["b", "c"]), ("Value #B", &["20", "30"])]);
        let rows: [(&str, Value, Vec<Table>, &[&str]); 7] = [
            (
                "organize",
                json!({"excludeByName": {"host": true}, "renameByName": {"Value #A": "CPU"}}),
                vec![one()],
                &["CPU: 1 2"],
            ),
            (
                "organize",
                json!({"indexByName": {"Value #A": 0, "host": 1}}),
                vec![one()],
                &["Value #A: 1 2", "host: a b"],
            ),
            (
                "merge",
                json!({}),
                vec![one(), other()],
                &["host: a b c", "Value #A: 1 2 -", "Value #B: - 20 30"],
            ),
            (
                "filterFieldsByName",
                json!({"include": {"pattern": "/^Value/"}}),
                vec![one()],
                &["Value #A: 1 2"],
            ),
            (
                "sortBy",
                json!({"sort": [{"field": "Value #A", "desc": true}]}),
                vec![one()],
                &["host: b a", "Value #A: 2 1"],
            ),
            (
                "renameByRegex",
                json!({"regex": "Value #(.*)", "renamePattern": "of $1"}),
                vec![one()],
                &["host: a b", "of A: 1 2"],
            ),
            (
                "reduce",
                json!({"reducers": ["max", "mean"]}),
                vec![one()],
                &["Field: Value #A", "Max: 2", "Mean: 1.5"],
            ),
        ];
        for (id, options, tables, expected) in rows {
            let step = Transformation {
                id: id.into(),
                options,
                ..Transformation::default()
            };
            let (tables, problems) = transform(tables, &[step]);
            assert_eq!(text_of(&tables[0]), expected, "{id}");
            assert_eq!(problems, Vec::<String>::new());
        }
    }

    #[test]
    fn one_that_is_not_known_is_said() {
        let step = Transformation {
            id: "magic".into(),
            ..Transformation::default()
        };
        assert_eq!(
            transform(Vec::new(), &[step]).1,
            ["transformation magic is not known here"]
        );
    }
}
