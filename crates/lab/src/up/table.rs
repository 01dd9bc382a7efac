//! What runs where, for a person to read.

use super::{drill, stack::Running};
use crate::drill::Pace;

const HEADINGS: [&str; 4] = ["SERVICE", "URL", "PID", "LOG"];

pub(crate) fn render<'a>(running: impl Iterator<Item = &'a Running>, drill: Option<Pace>) -> String {
    let rows = running.map(|service| {
        [
            service.name.to_owned(),
            service.url.clone(),
            service.pid.to_string(),
            service.log.display().to_string(),
        ]
    });
    let rows = [HEADINGS.map(str::to_owned)]
        .into_iter()
        .chain(rows)
        .collect::<Vec<_>>();
    let drill = drill.map_or_else(String::new, |pace| format!("{}\n", drill::loudly(pace)));
    format!(
        "\n{}\n{drill}Everything is ready. Ctrl-C stops it all.\n",
        layout(&rows)
    )
}

/// Columns as wide as their widest cell.
fn layout(rows: &[[String; 4]]) -> String {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let (service, url, pid) = (width(0), width(1), width(2));
    rows.iter()
        .map(|[a, b, c, d]| format!("{a:service$}  {b:url$}  {c:pid$}  {d}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [["A", "URL", "PID", "LOG"], ["longer", "u", "12345", "x.log"]].map(|row| row.map(str::to_owned));
        assert_eq!(layout(&rows), "A       URL  PID    LOG\nlonger  u    12345  x.log\n");
    }
}
