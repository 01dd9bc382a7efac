//! Metrics that others write into files `*.prom`, in directories of the user's choice. A file that cannot be read or
//! understood is left out alone and told once; a family that contradicts an earlier file's help or type likewise. So is,
//! with `--collector.textfile.max-age`, what a file says that nobody has written to for longer.

mod directories;
mod encode;
mod merge;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use exporter_toolkit::collector::{BuildError, CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::{Flag, Flags};
use exporter_toolkit::go_duration;
use exposition::parse::{Family, parse};
use exposition::{Desc, Encoder};
use rustix::fs::OFlags;

use self::merge::{Content, Misfit, merge};
use crate::context::Context;

const DIRECTORY: &str = "collector.textfile.directory";
const MAX_AGE: &str = "collector.textfile.max-age";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "textfile",
    enabled_by_default: true,
    flags: &[
        Flag::many(
            DIRECTORY,
            &[],
            "Directory to read text files with metrics from, supports glob matching.",
        ),
        Flag::value(
            MAX_AGE,
            "0s",
            "How long ago a text file may have been changed for its metrics to be shown, such as 90s or 25h; 0 for any time.",
        ),
    ],
    build: |context| {
        Ok(Box::new(TextFile::new(
            context.flags().many(DIRECTORY),
            max_age(context.flags())?,
        )))
    },
};

fn max_age(flags: &Flags) -> Result<Option<Duration>, BuildError> {
    let text = flags.value(MAX_AGE);
    let age = go_duration::parse(text)
        .ok_or_else(|| format!("--{MAX_AGE}: {text:?} is no duration, such as 90s, 15m or 25h"))?;
    Ok((!age.is_zero()).then_some(age))
}

const MTIME: Desc<'_> = Desc::gauge(
    "node_textfile_mtime_seconds",
    "Unixtime mtime of textfiles successfully read.",
    &["file"],
);
const SCRAPE_ERROR: Desc<'_> = Desc::gauge(
    "node_textfile_scrape_error",
    "1 if there was an error opening or reading a file, 0 otherwise",
    &[],
);

struct TextFile {
    patterns: Vec<String>,
    max_age: Option<Duration>,
    /// What the files held; the memory is kept.
    buffers: Vec<Vec<u8>>,
    /// What was wrong at the last scrape, and so was told already.
    told: HashSet<Trouble>,
}

/// Why a file, a directory or a family is left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Trouble {
    path: String,
    error: String,
}

/// A file that was read and understood.
struct Read<'a> {
    mtime_seconds: i64,
    content: Content<'a>,
}

impl TextFile {
    fn new(patterns: &[String], max_age: Option<Duration>) -> Self {
        Self {
            patterns: patterns.to_vec(),
            max_age,
            buffers: Vec::new(),
            told: HashSet::new(),
        }
    }

    fn find(&self, troubles: &mut Vec<Trouble>) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        for directory in directories::expand(&self.patterns) {
            if let Err(error) = directories::list(&directory, &mut paths) {
                troubles.push(Trouble::new(&directory, error));
            }
        }
        paths
    }

    /// Tells what was not wrong at the last scrape.
    fn tell(&mut self, troubles: Vec<Trouble>) {
        let troubles = HashSet::from_iter(troubles);
        for Trouble { path, error } in troubles.difference(&self.told) {
            log::error!(collector = "textfile", file = path.as_str(), err = error.as_str(); "failed to collect textfile data");
        }
        self.told = troubles;
    }
}

impl Trouble {
    fn new(path: &Path, error: impl ToString) -> Self {
        Self {
            path: path.display().to_string(),
            error: error.to_string(),
        }
    }
}

impl From<Misfit> for Trouble {
    fn from(Misfit { path, error }: Misfit) -> Self {
        Self { path, error }
    }
}

impl Collector for TextFile {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mut troubles = Vec::new();
        let paths = self.find(&mut troubles);
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let mut buffers = std::mem::take(&mut self.buffers);
        buffers.resize_with(paths.len(), Vec::new);
        let (mut mtimes, mut outdated) = (Vec::new(), Vec::new());
        let mut contents = Vec::new();
        for ((path, name), buffer) in paths.iter().zip(&names).zip(&mut buffers) {
            match read(path, name, buffer) {
                Ok(Read { mtime_seconds, content }) => {
                    mtimes.push((name.as_str(), mtime_seconds));
                    match self.max_age.filter(|age| is_older(mtime_seconds, *age)) {
                        Some(age) => outdated.push(Trouble::new(path, format!("not changed for {age:?}"))),
                        None => contents.push(content),
                    }
                }
                Err(error) => troubles.push(Trouble::new(path, error)),
            }
        }
        let (families, misfits) = merge(&contents);
        troubles.extend(misfits.into_iter().map(Trouble::from));
        encode_own(&mut mtimes, !troubles.is_empty(), out);
        for merged in &families {
            for family in &merged.families {
                encode::encode(family, &merged.help, merged.kind, out);
            }
        }
        troubles.append(&mut outdated);
        self.tell(troubles);
        self.buffers = buffers;
        Ok(())
    }
}

/// Whether a file that was last changed then was so longer than `age` ago. One from the future is not.
fn is_older(mtime_seconds: i64, age: Duration) -> bool {
    let mtime = UNIX_EPOCH + Duration::from_secs(mtime_seconds.max(0).unsigned_abs());
    mtime.elapsed().is_ok_and(|elapsed| elapsed > age)
}

/// Reads and parses a file; what is wrong with it, in words.
fn read<'a>(path: &Path, name: &'a str, buffer: &'a mut Vec<u8>) -> Result<Read<'a>, String> {
    let mtime_seconds = fill(path, buffer).map_err(|error| error.to_string())?;
    let families = parse(buffer).map_err(|error| error.to_string())?;
    if families.iter().any(has_timestamp) {
        return Err("contains unsupported client-side timestamps, skipping entire file".to_owned());
    }
    Ok(Read {
        mtime_seconds,
        content: Content { path: name, families },
    })
}

/// Puts the file into `buffer`; returns when it was last changed.
fn fill(path: &Path, buffer: &mut Vec<u8>) -> io::Result<i64> {
    // A pipe that nobody writes to must not hold us up.
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let mut file = File::options().read(true).custom_flags(nonblocking).open(path)?;
    buffer.clear();
    file.read_to_end(buffer)?;
    Ok(file.metadata()?.mtime())
}

fn has_timestamp(family: &Family<'_>) -> bool {
    family.metrics().any(|metric| metric.timestamp_millis.is_some())
}

/// These come first, so that no file can take their place.
fn encode_own(mtimes: &mut [(&str, i64)], failed: bool, out: &mut Encoder) {
    mtimes.sort_unstable();
    let mut family = out.family(&MTIME);
    for (file, seconds) in mtimes {
        family.sample(&[*file], *seconds as f64);
    }
    out.scalar(&SCRAPE_ERROR, f64::from(u8::from(failed)));
}

#[cfg(test)]
mod tests {
    use std::fs;

    use exposition::{Format, assemble};
    use tempfile::TempDir;

    use super::*;

    fn directory(files: &[(&str, &str)]) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            let file = File::options().write(true).open(path).unwrap();
            file.set_modified(UNIX_EPOCH + Duration::from_millis(1500)).unwrap();
        }
        directory
    }

    fn collector(directory: &TempDir) -> TextFile {
        TextFile::new(&[directory.path().display().to_string()], None)
    }

    fn scrape(collector: &mut TextFile) -> String {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        collector.collect(&mut out).unwrap();
        assemble([&out], &mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn families_of_several_files_become_one() {
        let directory = directory(&[("a.prom", "x{f=\"a\"} 1\n"), ("b.prom", "x 2\n"), ("c.txt", "x 3\n")]);
        let expected = "\
# HELP node_textfile_mtime_seconds Unixtime mtime of textfiles successfully read.
# TYPE node_textfile_mtime_seconds gauge
node_textfile_mtime_seconds{file=\"DIR/a.prom\"} 1
node_textfile_mtime_seconds{file=\"DIR/b.prom\"} 1
# HELP node_textfile_scrape_error 1 if there was an error opening or reading a file, 0 otherwise
# TYPE node_textfile_scrape_error gauge
node_textfile_scrape_error 0
# HELP x Metric read from DIR/a.prom, DIR/b.prom
# TYPE x untyped
x 2
x{f=\"a\"} 1
";
        let expected = expected.replace("DIR", directory.path().to_str().unwrap());
        let mut collector = collector(&directory);
        assert_eq!(scrape(&mut collector), expected);
        assert_eq!(scrape(&mut collector), expected);
    }

    #[test]
    fn a_bad_file_spoils_itself_alone() {
        for bad in ["x{ 1\n", "x 1 1234\n", "x 1"] {
            let directory = directory(&[("bad.prom", bad), ("good.prom", "y 1\n")]);
            let text = scrape(&mut collector(&directory));
            assert!(text.contains("\nnode_textfile_scrape_error 1\n"), "{text}");
            assert!(text.contains("\ny 1\n") && !text.contains("\nx"), "{text}");
            assert!(
                !text.contains("bad.prom"),
                "a file that was not read has no mtime: {text}"
            );
        }
    }

    #[test]
    fn directories_and_dangling_links_of_that_name_are_errors() {
        let directory = directory(&[("good.prom", "y 1\n")]);
        fs::create_dir(directory.path().join("dir.prom")).unwrap();
        std::os::unix::fs::symlink("/does/not/exist", directory.path().join("link.prom")).unwrap();
        let mut collector = collector(&directory);
        let text = scrape(&mut collector);
        assert!(
            text.contains("\nnode_textfile_scrape_error 1\n") && text.contains("\ny 1\n"),
            "{text}"
        );
        assert_eq!(collector.told.len(), 2);
    }

    #[test]
    fn a_family_that_contradicts_another_file_is_an_error_and_its_file_is_not() {
        let directory = directory(&[
            ("a.prom", "# HELP x A.\nx{f=\"a\"} 1\n"),
            ("b.prom", "# HELP x B.\nx{f=\"b\"} 1\ny 1\n"),
        ]);
        let text = scrape(&mut collector(&directory));
        assert!(
            text.contains("\nnode_textfile_scrape_error 1\n") && text.contains("\ny 1\n"),
            "{text}"
        );
        assert!(text.contains("# HELP x A.\n") && !text.contains("f=\"b\""), "{text}");
        assert!(text.contains("b.prom\"} 1\n"), "{text}");
    }

    #[test]
    fn troubles_are_told_when_they_begin() {
        let directory = directory(&[("a.prom", "x\n")]);
        let mut collector = collector(&directory);
        scrape(&mut collector);
        let first = collector.told.clone();
        scrape(&mut collector);
        assert_eq!((collector.told.clone(), first.len()), (first, 1));
        fs::write(directory.path().join("a.prom"), "x 1\n").unwrap();
        scrape(&mut collector);
        assert!(collector.told.is_empty());
    }

    #[test]
    fn no_file_takes_the_place_of_our_own_families() {
        let directory = directory(&[("a.prom", "node_textfile_scrape_error 5\n")]);
        assert!(scrape(&mut collector(&directory)).ends_with("\nnode_textfile_scrape_error 0\n"));
    }

    #[test]
    fn an_old_file_shows_its_age_and_nothing_else() {
        let directory = directory(&[("old.prom", "x 1\n")]);
        fs::write(directory.path().join("new.prom"), "y 1\n").unwrap();
        let mut collector = collector(&directory);
        assert!(scrape(&mut collector).contains("\nx 1\n"));
        collector.max_age = Some(Duration::from_secs(3600));
        let text = scrape(&mut collector);
        assert!(text.contains("\ny 1\n") && !text.contains("\nx 1\n"), "{text}");
        assert!(text.contains("old.prom\"} 1\n"), "{text}");
        assert!(text.contains("\nnode_textfile_scrape_error 0\n"), "{text}");
        assert_eq!(collector.told.len(), 1);
    }

    #[test]
    fn no_directories_are_no_error_and_missing_ones_are() {
        for (patterns, error) in [
            (&[][..], 0),
            (&[String::new()], 0),
            (&["/does/not/exist".to_owned()], 1),
        ] {
            let text = scrape(&mut TextFile::new(patterns, None));
            assert!(
                text.ends_with(&format!("\nnode_textfile_scrape_error {error}\n")),
                "{text}"
            );
        }
    }
}
