//! The tables of families in the exporters' pages, which their own tests keep true.

use super::Catalogue;

/// What a page's table leaves out, since all of a family's series share it or since it depends on what is scraped: page, how the
/// families' names begin, labels.
const MORE: [(&str, &str, &[&str]); 3] = [
    (
        "container-exporter.md",
        "container_",
        &["id", "image", "name", "container_label_*", "container_env_*"],
    ),
    (
        "redis-exporter.md",
        "redis_instance_info",
        &[
            "role",
            "redis_version",
            "redis_mode",
            "os",
            "maxmemory_policy",
            "master_replid",
            "run_id",
        ],
    ),
    ("blackbox-exporter.md", "probe_expect_info", &["*"]),
];

impl Catalogue {
    /// `file` is the page's name without folders.
    pub(super) fn read_page(&mut self, file: &str, text: &str) {
        let mut columns = None;
        for line in text.lines() {
            let Some(cells) = cells(line) else {
                columns = None;
                continue;
            };
            match columns {
                None => columns = Some(Columns::of(&cells)),
                Some(Some(columns)) => self.read_row(file, &cells, columns),
                Some(None) => {}
            }
        }
    }

    fn read_row(&mut self, file: &str, cells: &[String], columns: Columns) {
        let cell = |index: usize| cells.get(index).map_or("", String::as_str);
        let kind = columns.kind.map_or("gauge", cell);
        let labels = cell(columns.labels.unwrap_or(usize::MAX));
        for family in quoted(cell(columns.family)) {
            let own = labels.split(',').map(str::trim).filter(|label| is_name(label));
            let more = MORE
                .iter()
                .filter(|(page, start, _)| *page == file && family.starts_with(start));
            let labels: Vec<&str> = own
                .chain(more.flat_map(|(_, _, labels)| labels.iter().copied()))
                .collect();
            self.add(family, kind, &labels);
        }
    }
}

/// Where in a row the family, its type and its labels are.
#[derive(Clone, Copy)]
struct Columns {
    family: usize,
    kind: Option<usize>,
    labels: Option<usize>,
}

impl Columns {
    /// Of a head; `None`: the table is about something else.
    fn of(head: &[String]) -> Option<Self> {
        let at = |name| head.iter().position(|cell| cell == name);
        Some(Self {
            family: at("family")?,
            kind: at("type"),
            labels: at("labels"),
        })
    }
}

/// Of a row of a table; `None`: it is none.
fn cells(line: &str) -> Option<Vec<String>> {
    let row = line.strip_prefix('|')?.replace("\\|", "\u{1}");
    let cells = row.trim_end().trim_end_matches('|').split('|');
    Some(cells.map(|cell| cell.replace('\u{1}', "|").trim().to_owned()).collect())
}

/// What stands in backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn is_name(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_families_are_read_and_others_are_not() {
        let page = "| flag | default | |\n|---|---|---|\n| `--a` | `b` | |\n\n\
                    | family | type | labels | |\n|---|---|---|---|\n| `a_total` | counter | x, y | A \\| b. |\n\
                    | `h` | histogram |  | |\n\nwords\n\n| family | labels | |\n|---|---|---|\n| `g`, `i` | those of the module, z | |\n\n\
                    | field of INFO | family | type |\n|---|---|---|\n| `used` | `redis_used` | gauge |\n";
        let mut catalogue = Catalogue::default();
        catalogue.read_page("some.md", page);
        let table = [
            ("a_total", "instance, job, x, y"),
            ("h_bucket", "instance, job, le"),
            ("h_sum", "instance, job"),
            ("h_count", "instance, job"),
            ("g", "instance, job, z"),
            ("i", "instance, job, z"),
            ("redis_used", "instance, job"),
        ];
        for (name, labels) in table {
            assert_eq!(
                catalogue.labels(name).map(|found| found.list()),
                Some(labels.to_owned()),
                "{name}"
            );
        }
        assert_eq!(catalogue.len(), table.len());
    }

    #[test]
    fn labels_that_a_page_leaves_out_are_known() {
        let mut catalogue = Catalogue::default();
        let page = "| family | type | labels | |\n|---|---|---|---|\n| `container_last_seen` | gauge |  | |\n";
        catalogue.read_page("container-exporter.md", page);
        let labels = catalogue.labels("container_last_seen").unwrap();
        assert!(labels.has("name") && labels.has("container_label_com_docker_compose_service"));
    }
}
