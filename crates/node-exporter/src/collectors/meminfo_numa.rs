//! Memory by NUMA node, from meminfo and numastat of the nodes in /sys/devices/system/node. Fields become families as
//! the kernel names them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder, Kind};
use kernel_stats::{flat_keyed, node_meminfo};

use crate::context::Context;
use crate::field_names::FieldFamily;
use crate::source::{Source, if_present, names_in};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "meminfo_numa",
    enabled_by_default: false,
    flags: &[],
    build: |context| Ok(Box::new(MemInfoNuma::new(context.sys_path("devices/system/node")))),
};

struct MemInfoNuma {
    directory: PathBuf,
    nodes: Vec<Node>,
    meminfo: Families,
    numastat: Families,
}

/// The files of one node.
struct Node {
    number: String,
    meminfo: Source,
    numastat: Source,
}

/// The fields of one node's file.
type Fields<'a> = (&'a str, Vec<(&'a str, u64)>);

impl MemInfoNuma {
    fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            nodes: Vec::new(),
            meminfo: Families::new(Kind::Gauge, ""),
            numastat: Families::new(Kind::Counter, "_total"),
        }
    }

    /// Finds the nodes, which come and go with their memory.
    fn list(&mut self) -> Result<(), CollectError> {
        let names = if_present(names_in(&self.directory))?.unwrap_or_default();
        let numbers: Vec<&str> = names.iter().filter_map(|name| node_number(name)).collect();
        if !self
            .nodes
            .iter()
            .map(|node| node.number.as_str())
            .eq(numbers.iter().copied())
        {
            self.nodes = numbers
                .iter()
                .map(|number| Node::new(&self.directory, number))
                .collect();
        }
        Ok(())
    }
}

fn node_number(name: &str) -> Option<&str> {
    let number = name.strip_prefix("node")?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

impl Node {
    fn new(directory: &Path, number: &str) -> Self {
        let directory = directory.join(format!("node{number}"));
        Self {
            number: number.to_owned(),
            meminfo: Source::new(directory.join("meminfo")),
            numastat: Source::new(directory.join("numastat")),
        }
    }
}

impl Collector for MemInfoNuma {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.list()?;
        let (mut meminfo, mut numastat) = (Vec::new(), Vec::new());
        for node in &mut self.nodes {
            if let Some(fields) = if_present(node.meminfo.parse(node_meminfo::parse))? {
                meminfo.push((node.number.as_str(), fields));
            }
            if let Some(fields) = if_present(node.numastat.parse(flat_keyed::parse))? {
                numastat.push((node.number.as_str(), fields));
            }
        }
        self.meminfo.encode(&meminfo, out);
        self.numastat.encode(&numastat, out);
        Ok(())
    }
}

/// The families of one kind of file, by the kernel's name of the field.
struct Families {
    kind: Kind,
    suffix: &'static str,
    by_field: BTreeMap<String, FieldFamily>,
}

impl Families {
    fn new(kind: Kind, suffix: &'static str) -> Self {
        Self {
            kind,
            suffix,
            by_field: BTreeMap::new(),
        }
    }

    fn encode(&mut self, nodes: &[Fields<'_>], out: &mut Encoder) {
        for (field, _) in nodes.iter().flat_map(|(_, fields)| fields) {
            if !self.by_field.contains_key(*field) {
                self.by_field.insert((*field).to_owned(), describe(field, self.suffix));
            }
        }
        for (field, family) in &self.by_field {
            let desc = Desc::new(&family.name, &family.help, self.kind, &["node"]);
            let mut samples = out.family(&desc);
            for (node, fields) in nodes {
                if let Some((_, value)) = fields.iter().find(|(name, _)| name == field) {
                    samples.sample(&[*node], *value as f64);
                }
            }
        }
    }
}

/// `Active(anon)` becomes `node_memory_numa_Active_anon`.
fn describe(field: &str, suffix: &str) -> FieldFamily {
    let field = field.replace('(', "_").replace(')', "");
    FieldFamily {
        name: format!("node_memory_numa_{field}{suffix}"),
        help: format!("Memory information field {field}{suffix}."),
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;
    use crate::testing::root;

    fn samples(collector: &mut MemInfoNuma) -> Vec<String> {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        collector.collect(&mut out).unwrap();
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples.map(|line| line.replace("node_memory_numa_", "")).collect()
    }

    #[test]
    fn nodes_and_their_files_come_and_go() {
        let root = root(&[
            ("node0/meminfo", "Node 0 MemFree: 1 kB\n"),
            ("node0/numastat", "numa_hit 5\n"),
            ("node2/meminfo", "Node 2 MemFree: 3 kB\nNode 2 HugePages_Free: 4\n"),
            ("power/control", "auto\n"),
            ("nodes", ""),
        ]);
        let mut collector = MemInfoNuma::new(root.path().to_owned());
        let expected = [
            r#"HugePages_Free{node="2"} 4"#,
            r#"MemFree{node="0"} 1024"#,
            r#"MemFree{node="2"} 3072"#,
            r#"numa_hit_total{node="0"} 5"#,
        ];
        assert_eq!(samples(&mut collector), expected);
        std::fs::remove_dir_all(root.path().join("node2")).unwrap();
        assert_eq!(samples(&mut collector), [expected[1], expected[3]]);
    }
}
