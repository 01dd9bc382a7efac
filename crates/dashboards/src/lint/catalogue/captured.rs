//! Lists of what other programs tell: captured from one that ran, since their pages do not say.

use std::collections::{BTreeMap, BTreeSet};

use exposition::parse::parse;

use super::Catalogue;

/// A captured list: the families of one answer.
pub struct Capture {
    families: BTreeMap<String, (String, BTreeSet<String>)>,
}

/// The families of a program's `/metrics`, in the text format.
///
/// # Errors
/// It is not in that format.
pub fn capture(text: &[u8]) -> Result<Capture, String> {
    let families = parse(text).map_err(|error| error.to_string())?;
    let families = families.iter().map(|family| {
        let labels = family
            .metrics()
            .flat_map(|metric| metric.labels.iter().map(|label| label.name.to_owned()));
        // Those of a type's own come with it.
        let labels = labels
            .filter(|label| !["le", "quantile"].contains(&label.as_str()))
            .collect();
        (
            family.name.to_owned(),
            (format!("{:?}", family.kind).to_lowercase(), labels),
        )
    });
    Ok(Capture {
        families: families.collect(),
    })
}

impl Capture {
    /// A line a family: name, type, labels with commas between them. Go's own are left out: no dashboard is about them.
    #[must_use]
    pub fn list(&self) -> String {
        let own = self.families.iter().filter(|(name, _)| !name.starts_with("go_"));
        let line = |(name, (kind, labels)): (&String, &(String, BTreeSet<String>))| {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let line = format!("{name} {kind} {}", labels.join(","));
            format!("{}\n", line.trim_end())
        };
        own.map(line).collect()
    }
}

impl Catalogue {
    /// Lines that begin with # are comments.
    pub(super) fn read_list(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            if let (Some(name), Some(kind)) = (words.next(), words.next()) {
                let labels: Vec<&str> = words.next().map_or(Vec::new(), |labels| labels.split(',').collect());
                self.add(name, kind, &labels);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_captured_is_what_is_read() {
        let metrics = b"# TYPE a_total counter\na_total{x=\"1\",y=\"2\"} 1\n# TYPE h histogram\nh_bucket{z=\"1\",le=\"+Inf\"} 0\n\
                        h_sum{z=\"1\"} 0\nh_count{z=\"1\"} 0\n# TYPE go_threads gauge\ngo_threads 3\n";
        let list = capture(metrics).unwrap().list();
        assert_eq!(list, "a_total counter x,y\nh histogram z\n");
        let mut catalogue = Catalogue::default();
        catalogue.read_list(&format!("# Of some program.\n{list}"));
        assert_eq!(catalogue.labels("h_bucket").unwrap().list(), "instance, job, le, z");
        assert_eq!(catalogue.labels("a_total").unwrap().list(), "instance, job, x, y");
        assert!(!catalogue.knows("go_threads"));
    }
}
