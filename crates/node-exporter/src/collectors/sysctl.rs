//! Kernel parameters that flags ask for, from the files of /proc/sys: numbers, or words in labels. A parameter that is
//! absent or odd does not keep the others from being shown.

use std::path::PathBuf;

use exporter_toolkit::collector::{BuildError, CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder, Kind};
use kernel_stats::{ParseError, attribute};

use crate::context::Context;
use crate::field_names::{FieldFamily, odd_characters};
use crate::source::Source;

const INCLUDE: &str = "collector.sysctl.include";
const INCLUDE_INFO: &str = "collector.sysctl.include-info";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "sysctl",
    enabled_by_default: false,
    flags: &[
        Flag::many(INCLUDE, &[], "Select sysctl metrics to include"),
        Flag::many(INCLUDE_INFO, &[], "Select sysctl metrics to include as info metrics"),
    ],
    build,
};

const INFO: Desc<'_> = Desc::gauge("node_sysctl_info", "sysctl info", &["index", "name", "value"]);

fn build(context: &Context) -> Result<Box<dyn Collector>, BuildError> {
    let numbers = context
        .flags()
        .many(INCLUDE)
        .iter()
        .map(|include| numbers(context, include));
    let infos = context
        .flags()
        .many(INCLUDE_INFO)
        .iter()
        .map(|name| info(context, name));
    Ok(Box::new(Sysctls {
        sysctls: numbers.chain(infos).collect::<Result<_, _>>()?,
    }))
}

/// What `fs.file-nr` or `fs.file-nr:total,current,max` asks for.
fn numbers(context: &Context, include: &str) -> Result<Sysctl, BuildError> {
    let (name, keys) = match include.split_once(':') {
        Some((name, keys)) => (name, Some(keys)),
        None => (include, None),
    };
    let family = format!("node_sysctl_{}", metric_name(name)?);
    let shown = match keys {
        None => Shown::Numbers(FieldFamily {
            name: family,
            help: format!("sysctl {name}"),
        }),
        Some(keys) => Shown::Named(
            (0..)
                .zip(keys.split(','))
                .map(|(index, key): (usize, _)| FieldFamily {
                    name: format!("{family}_{key}"),
                    help: format!("sysctl {name}, field {index}"),
                })
                .collect(),
        ),
    };
    Ok(Sysctl::new(context, name, shown))
}

fn info(context: &Context, name: &str) -> Result<Sysctl, BuildError> {
    match name.contains(':') {
        true => {
            Err(format!("--{INCLUDE_INFO}: {name}: words cannot be named, only the numbers of --{INCLUDE} can").into())
        }
        false => Ok(Sysctl::new(context, name, Shown::Info)),
    }
}

/// `net.ipv4.tcp-x` becomes `net_ipv4_tcp_x`.
fn metric_name(sysctl: &str) -> Result<String, BuildError> {
    Ok(odd_characters()?.replace_all(sysctl, "_").into_owned())
}

struct Sysctls {
    sysctls: Vec<Sysctl>,
}

impl Collector for Sysctls {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mut result = Ok(());
        for sysctl in &mut self.sysctls {
            result = result.and(sysctl.collect(out));
        }
        result
    }
}

/// One parameter.
struct Sysctl {
    name: String,
    source: Source,
    shown: Shown,
}

/// How a parameter is shown.
enum Shown {
    /// In one family; several numbers are told apart by their index.
    Numbers(FieldFamily),
    /// Each number in a family of its own.
    Named(Vec<FieldFamily>),
    /// As words, in labels.
    Info,
}

/// A parameter that has another number of values than its flag says.
#[derive(Debug, thiserror::Error)]
#[error("parsing {path}: expected {expected} values, as --{INCLUDE} names them, found {found}")]
struct WrongCount {
    path: PathBuf,
    expected: usize,
    found: usize,
}

impl Sysctl {
    fn new(context: &Context, name: &str, shown: Shown) -> Self {
        Self {
            source: context.proc(&format!("sys/{}", name.replace('.', "/"))),
            name: name.to_owned(),
            shown,
        }
    }

    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        match &self.shown {
            Shown::Numbers(family) => encode_numbers(family, &self.source.parse(integers)?, out),
            Shown::Named(families) => {
                let numbers = self.source.parse(integers)?;
                if numbers.len() != families.len() {
                    return Err(CollectError::failed(WrongCount {
                        path: self.source.path().to_owned(),
                        expected: families.len(),
                        found: numbers.len(),
                    }));
                }
                for (family, number) in families.iter().zip(numbers) {
                    out.scalar(&family.desc(Kind::Untyped), number as f64);
                }
            }
            Shown::Info => {
                let mut family = out.family(&INFO);
                for (index, word) in self.source.parse(words)?.into_iter().enumerate() {
                    family.sample(&[index.to_string().as_str(), &self.name, word], 1.0);
                }
            }
        }
        Ok(())
    }
}

fn encode_numbers(family: &FieldFamily, numbers: &[i64], out: &mut Encoder) {
    match numbers {
        [number] => out.scalar(&family.desc(Kind::Untyped), *number as f64),
        numbers => {
            let desc = Desc::new(&family.name, &family.help, Kind::Untyped, &["index"]);
            let mut family = out.family(&desc);
            for (index, number) in numbers.iter().enumerate() {
                family.sample(&[index.to_string().as_str()], *number as f64);
            }
        }
    }
}

fn words(bytes: &[u8]) -> Result<Vec<&str>, ParseError> {
    Ok(attribute::text(bytes)?.split_ascii_whitespace().collect())
}

fn integers(bytes: &[u8]) -> Result<Vec<i64>, ParseError> {
    let words = words(bytes)?.into_iter();
    words.map(|word| attribute::parse_i64(word.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use exporter_toolkit::flags::Flags;
    use exposition::{Format, assemble};

    use super::*;
    use crate::context::FLAGS;
    use crate::testing::root;

    fn build_with(root: &Path, args: &[&str]) -> Result<Box<dyn Collector>, BuildError> {
        let args = args.iter().map(OsString::from);
        let procfs = OsString::from(format!("--path.procfs={}", root.display()));
        let flags = Flags::parse("node-exporter", "", [SPEC.flags, FLAGS], args.chain([procfs])).unwrap();
        build(&Context::new(flags).unwrap())
    }

    fn scrape(root: &Path, args: &[&str]) -> (Result<(), CollectError>, Vec<String>) {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        let result = build_with(root, args).unwrap().collect(&mut out);
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        (result, samples.map(str::to_owned).collect())
    }

    #[test]
    fn numbers_may_be_negative_hexadecimal_or_many() {
        let root = root(&[
            ("sys/x/neg", "-5\n"),
            ("sys/x/hex", "0x10\n"),
            ("sys/x/many-a", "1\t2\n"),
        ]);
        for (include, expected) in [
            ("x.neg", vec!["node_sysctl_x_neg -5"]),
            ("x/hex", vec!["node_sysctl_x_hex 16"]),
            (
                "x.many-a",
                vec![
                    r#"node_sysctl_x_many_a{index="0"} 1"#,
                    r#"node_sysctl_x_many_a{index="1"} 2"#,
                ],
            ),
            (
                "x.many-a:b,c",
                vec!["node_sysctl_x_many_a_b 1", "node_sysctl_x_many_a_c 2"],
            ),
        ] {
            let (result, samples) = scrape(root.path(), &[&format!("--collector.sysctl.include={include}")]);
            assert_eq!(
                (result.is_ok(), samples),
                (true, expected.iter().map(ToString::to_string).collect())
            );
        }
    }

    #[test]
    fn an_absent_parameter_is_no_data_after_the_others() {
        let root = root(&[("sys/x/a", "1\n")]);
        let args = ["--collector.sysctl.include=x.none", "--collector.sysctl.include=x.a"];
        let (result, samples) = scrape(root.path(), &args);
        assert!(matches!(result, Err(CollectError::NoData(why)) if why.to_string().contains("sys/x/none")));
        assert_eq!(samples, ["node_sysctl_x_a 1"]);
    }

    #[test]
    fn odd_values_are_failures_that_name_path_and_value() {
        let root = root(&[("sys/x/words", "1 a\n"), ("sys/x/two", "1 2\n")]);
        for (include, error) in [
            ("x.words", r#"sys/x/words: expected a number, found "a""#),
            (
                "x.two:a",
                "sys/x/two: expected 1 values, as --collector.sysctl.include names them, found 2",
            ),
        ] {
            let (result, samples) = scrape(root.path(), &[&format!("--collector.sysctl.include={include}")]);
            let text = result.unwrap_err().to_string();
            assert!(text.starts_with("parsing ") && text.ends_with(error), "{text}");
            assert_eq!(samples, [""; 0]);
        }
    }

    #[test]
    fn words_cannot_be_named() {
        let error = build_with(Path::new("/"), &["--collector.sysctl.include-info=x.words:a,b"]);
        let text = error.err().unwrap().to_string();
        assert!(
            text.starts_with("--collector.sysctl.include-info: x.words:a,b: "),
            "{text}"
        );
    }
}
