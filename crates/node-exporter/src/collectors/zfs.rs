//! ZFS, from /proc/spl/kstat/zfs: tables of the module, and for each pool its I/O, datasets and state. The names of the
//! families are those of the module's fields. Absent until the module is loaded; files of other versions are missing
//! alone.

use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder, Kind};
use kernel_stats::attribute;
use kernel_stats::kstat::{self, Data, Named};

use crate::context::Context;
use crate::field_names::{FieldFamily, FieldNames};
use crate::source::{Source, if_present};
use crate::sysfs::Folder;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "zfs",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        let directory = context.proc_path("spl/kstat/zfs");
        Ok(Box::new(Zfs {
            tables: TABLES.map(|(file, _)| Source::new(directory.join(file))),
            names: FieldNames::default(),
            directory,
        }))
    },
};

/// The files of the module, and what their families begin with.
const TABLES: [(&str, &str); 11] = [
    ("abdstats", "node_zfs_abd_"),
    ("arcstats", "node_zfs_arc_"),
    ("dbufstats", "node_zfs_dbuf_"),
    ("dmu_tx", "node_zfs_dmu_tx_"),
    ("dnodestats", "node_zfs_dnode_"),
    ("fm", "node_zfs_fm_"),
    ("vdev_cache_stats", "node_zfs_vdev_cache_"),
    ("vdev_mirror_stats", "node_zfs_vdev_mirror_"),
    ("xuio_stats", "node_zfs_xuio_"),
    ("zfetchstats", "node_zfs_zfetch_"),
    ("zil", "node_zfs_zil_"),
];

const STATE: Desc<'_> = Desc::gauge("node_zfs_zpool_state", "kstat.zfs.misc.state", &["state", "zpool"]);
/// The states that are shown; a pool in any other has none of these.
const STATES: [&str; 7] = [
    "degraded",
    "faulted",
    "offline",
    "online",
    "removed",
    "suspended",
    "unavail",
];

struct Zfs {
    directory: PathBuf,
    tables: [Source; TABLES.len()],
    names: FieldNames,
}

impl Collector for Zfs {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let directory = Folder::open(&self.directory)?;
        let tables = self.encode_tables(out);
        let mut pools = Pools::default();
        let mut read = Ok(());
        for pool in directory.folders()? {
            if let Some(folder) = directory.folder(&pool) {
                read = read.and(pools.read(&pool, &folder));
            }
        }
        pools.encode(out);
        tables.and(read)
    }
}

impl Zfs {
    /// Writes what the tables hold; the first error is told after all.
    fn encode_tables(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.names.rewind();
        let mut result = Ok(());
        for ((file, prefix), source) in TABLES.iter().zip(&mut self.tables) {
            match if_present(source.parse(kstat::parse_named)) {
                Ok(table) => encode_table(file, prefix, &table.unwrap_or_default(), &mut self.names, out),
                Err(error) => result = result.and(Err(error)),
            }
        }
        result
    }
}

fn encode_table(file: &str, prefix: &str, table: &[Named<'_>], names: &mut FieldNames, out: &mut Encoder) {
    for row in table {
        let value = match row.data {
            Data::Signed(number) => number as f64,
            Data::Unsigned(number) => number as f64,
            Data::Text(_) | Data::Other => continue,
        };
        let describe = || Some(describe(prefix, file, row.name));
        if let Some(family) = names.next(file, row.name, describe) {
            out.scalar(&family.desc(Kind::Untyped), value);
        }
    }
}

fn describe(prefix: &str, file: &str, field: &str) -> FieldFamily {
    FieldFamily {
        name: format!("{prefix}{}", field.replace('-', "_")),
        help: format!("kstat.zfs.misc.{file}.{field}"),
    }
}

/// What is known of all pools.
#[derive(Default)]
struct Pools {
    /// By pool.
    io: Numbers<1>,
    /// By dataset and pool.
    datasets: Numbers<2>,
    /// By pool: the state in small letters.
    states: Vec<(String, String)>,
}

impl Pools {
    /// Reads the files of one pool.
    fn read(&mut self, pool: &str, folder: &Folder) -> Result<(), CollectError> {
        let mut source = Source::new(folder.path().join("io"));
        if let Some(row) = if_present(source.parse(kstat::parse_row))? {
            self.io.add([pool.to_owned()], row);
        }
        let files = folder.attributes()?;
        for file in files.iter().filter(|file| file.starts_with("objset-")) {
            let mut source = Source::new(folder.path().join(file));
            let table = if_present(source.parse(kstat::parse_named))?.unwrap_or_default();
            if let Some(dataset) = dataset_name(&table) {
                self.datasets.add([dataset, pool.to_owned()], unsigned(&table));
            }
        }
        let mut source = Source::new(folder.path().join("state"));
        if let Some(state) = if_present(source.parse(attribute::text))? {
            self.states.push((pool.to_owned(), state.to_ascii_lowercase()));
        }
        Ok(())
    }

    fn encode(&self, out: &mut Encoder) {
        self.io.encode("node_zfs_zpool_", "io", &["zpool"], out);
        self.datasets
            .encode("node_zfs_zpool_dataset_", "objset", &["dataset", "zpool"], out);
        let mut family = out.family(&STATE);
        for state in STATES {
            for (pool, found) in &self.states {
                family.sample(&[state, pool], f64::from(u8::from(found == state)));
            }
        }
    }
}

fn dataset_name(table: &[Named<'_>]) -> Option<String> {
    table.iter().find_map(|row| match &row.data {
        Data::Text(text) if row.name == "dataset_name" => Some(text.clone().into_owned()),
        _ => None,
    })
}

fn unsigned<'a>(table: &'a [Named<'_>]) -> impl Iterator<Item = (&'a str, u64)> {
    table.iter().filter_map(|row| match row.data {
        Data::Unsigned(number) => Some((row.name, number)),
        _ => None,
    })
}

/// Numbers of many things that have the same fields, which become families. A pool may have thousands of datasets, so
/// names of fields are kept once.
#[derive(Default)]
struct Numbers<const LABELS: usize> {
    fields: Vec<String>,
    rows: Vec<([String; LABELS], Vec<Option<u64>>)>,
}

impl<const LABELS: usize> Numbers<LABELS> {
    fn add<'a>(&mut self, labels: [String; LABELS], numbers: impl IntoIterator<Item = (&'a str, u64)>) {
        let mut row = vec![None; self.fields.len()];
        for (name, number) in numbers {
            match self.fields.iter().position(|field| field == name) {
                Some(position) => row[position] = Some(number),
                None => {
                    self.fields.push(name.to_owned());
                    row.push(Some(number));
                }
            }
        }
        self.rows.push((labels, row));
    }

    fn encode(&self, prefix: &str, file: &str, labels: &[&str], out: &mut Encoder) {
        for (position, field) in self.fields.iter().enumerate() {
            let FieldFamily { name, help } = describe(prefix, file, field);
            let desc = Desc::new(&name, &help, Kind::Untyped, labels);
            let mut family = out.family(&desc);
            for (labels, row) in &self.rows {
                if let Some(number) = row.get(position).copied().flatten() {
                    family.sample(&labels.each_ref().map(String::as_str), number as f64);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;
    use crate::testing::root;

    fn scrape(files: &[(&str, &str)]) -> (Result<(), CollectError>, String) {
        let root = root(files);
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        let mut collector = Zfs {
            tables: TABLES.map(|(file, _)| Source::new(root.path().join(file))),
            names: FieldNames::default(),
            directory: root.path().to_owned(),
        };
        let result = collector.collect(&mut out);
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        (result, samples.map(|line| format!("{line}\n")).collect())
    }

    #[test]
    fn datasets_need_not_have_the_same_fields() {
        let (result, text) = scrape(&[
            ("a/objset-0x1", "1\nname type data\ndataset_name 7 a\nreads 4 1\n"),
            (
                "a/objset-0x2",
                "1\nname type data\ndataset_name 7 a/b c\nwrites 4 2\nreads 4 3\nx 3 9\n",
            ),
            ("a/objset-0x3", "1\nname type data\nreads 4 4\n"),
            ("b/objset-0x1", "1\nname type data\ndataset_name 7 b\nwrites 4 5\n"),
            ("b/other", "x"),
        ]);
        assert!(result.is_ok());
        let expected = "\
node_zfs_zpool_dataset_reads{dataset=\"a\",zpool=\"a\"} 1
node_zfs_zpool_dataset_reads{dataset=\"a/b c\",zpool=\"a\"} 3
node_zfs_zpool_dataset_writes{dataset=\"a/b c\",zpool=\"a\"} 2
node_zfs_zpool_dataset_writes{dataset=\"b\",zpool=\"b\"} 5
";
        assert_eq!(text, expected);
    }

    #[test]
    fn an_unknown_state_is_none_of_the_known() {
        let (result, text) = scrape(&[("a/state", "RESILVERING\n"), ("b/state", "Online\n")]);
        assert!(result.is_ok());
        let active: Vec<_> = text.lines().filter(|line| line.ends_with(" 1")).collect();
        assert_eq!(active, ["node_zfs_zpool_state{state=\"online\",zpool=\"b\"} 1"]);
        assert_eq!(text.lines().count(), 14);
    }

    #[test]
    fn a_malformed_file_spoils_only_itself() {
        let (result, text) = scrape(&[
            ("arcstats", "1\nname type data\nhits 4 x\n"),
            ("zil", "1\nname type data\nzil-count 3 -1\n"),
            ("a/io", "1\nnread\nx\n"),
            ("b/io", "1\nnread\n7\n"),
        ]);
        let error = result.unwrap_err();
        assert!(error.to_string().contains("/arcstats: line 3: "), "{error}");
        assert_eq!(text, "node_zfs_zil_zil_count -1\nnode_zfs_zpool_nread{zpool=\"b\"} 7\n");
    }
}
