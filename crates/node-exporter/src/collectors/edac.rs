//! Memory errors that were corrected or not, from /sys/devices/system/edac/mc. A host without memory controllers that
//! count has no samples, and that is no failure.

use std::ffi::CStr;
use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};

use crate::context::Context;
use crate::sysfs::{Attributes, Folder};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "edac",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Edac {
            directory: context.sys_path("devices/system/edac/mc"),
            attributes: Attributes::default(),
        }))
    },
};

/// Errors of one kind: the families and files of a controller and of its rows.
struct Errors {
    of_controller: Desc<'static>,
    of_row: Desc<'static>,
    count: &'static CStr,
    /// The file of a controller's errors that cannot be given to a row.
    count_of_no_row: &'static CStr,
}

const ERRORS: [Errors; 2] = [
    Errors {
        of_controller: Desc::counter(
            "node_edac_correctable_errors_total",
            "Total correctable memory errors.",
            &["controller"],
        ),
        of_row: Desc::counter(
            "node_edac_csrow_correctable_errors_total",
            "Total correctable memory errors for this csrow.",
            &["controller", "csrow"],
        ),
        count: c"ce_count",
        count_of_no_row: c"ce_noinfo_count",
    },
    Errors {
        of_controller: Desc::counter(
            "node_edac_uncorrectable_errors_total",
            "Total uncorrectable memory errors.",
            &["controller"],
        ),
        of_row: Desc::counter(
            "node_edac_csrow_uncorrectable_errors_total",
            "Total uncorrectable memory errors for this csrow.",
            &["controller", "csrow"],
        ),
        count: c"ue_count",
        count_of_no_row: c"ue_noinfo_count",
    },
];

struct Edac {
    directory: PathBuf,
    attributes: Attributes,
}

/// A memory controller or a row of one, with its number as text.
struct Numbered {
    number: String,
    folder: Folder,
}

impl Collector for Edac {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let all = match Folder::open(&self.directory).map_err(CollectError::from) {
            Err(CollectError::NoData(_)) => return Ok(()),
            all => all?,
        };
        let controllers: Vec<(Numbered, Vec<Numbered>)> = numbered(&all, "mc")
            .map(|controller| {
                let rows = numbered(&controller.folder, "csrow").collect();
                (controller, rows)
            })
            .collect();
        for errors in &ERRORS {
            self.collect_errors(errors, &controllers, out);
        }
        self.attributes.finish()
    }
}

impl Edac {
    fn collect_errors(&mut self, errors: &Errors, controllers: &[(Numbered, Vec<Numbered>)], out: &mut Encoder) {
        let mut family = out.family(&errors.of_controller);
        for (Numbered { number, folder }, _) in controllers {
            if let Some(count) = self.attributes.u64(folder, errors.count) {
                family.sample(&[number.as_str()], count as f64);
            }
        }
        let mut family = out.family(&errors.of_row);
        for (Numbered { number, folder }, rows) in controllers {
            for row in rows {
                if let Some(count) = self.attributes.u64(&row.folder, errors.count) {
                    family.sample(&[number.as_str(), row.number.as_str()], count as f64);
                }
            }
            if let Some(count) = self.attributes.u64(folder, errors.count_of_no_row) {
                family.sample(&[number.as_str(), "unknown"], count as f64);
            }
        }
    }
}

/// The folders in `all` that are called `prefix` and a number, in the order of the number's text.
fn numbered(all: &Folder, prefix: &str) -> impl Iterator<Item = Numbered> {
    let names = all.folders().unwrap_or_default();
    names.into_iter().filter_map(move |name| {
        let number = name.strip_prefix(prefix)?;
        number.parse::<u32>().ok()?;
        Some(Numbered {
            number: number.to_owned(),
            folder: all.folder(&name)?,
        })
    })
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;
    use crate::testing::root;

    #[test]
    fn counts_are_missing_alone_and_other_folders_are_none() {
        let root = root(&[
            ("mc0/ce_count", "1\n"),
            ("mc0/csrow0/ue_count", "2\n"),
            ("mc0/csrows/ce_count", "3\n"),
            ("mc0/ue_noinfo_count", "-\n"),
            ("mcx/ce_count", "4\n"),
            ("power/control", "auto\n"),
        ]);
        let mut edac = Edac {
            directory: root.path().to_owned(),
            attributes: Attributes::default(),
        };
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        edac.collect(&mut out).unwrap();
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                "node_edac_correctable_errors_total{controller=\"0\"} 1",
                "node_edac_csrow_uncorrectable_errors_total{controller=\"0\",csrow=\"0\"} 2",
            ]
        );
    }
}
