//! The operating system's name and version, from /etc/os-release, or /usr/lib/os-release where that is missing.

use std::io;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::os_release::{self, OsRelease};

use crate::context::Context;
use crate::source::{Source, SourceError};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "os",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        let files = ["etc/os-release", "usr/lib/os-release"];
        Ok(Box::new(Os {
            sources: files.map(|file| Source::new(context.root_path(file))),
        }))
    },
};

const INFO: Desc<'_> = Desc::gauge(
    "node_os_info",
    "A metric with a constant '1' value labeled by build_id, id, id_like, image_id, image_version, name, pretty_name, \
     variant, variant_id, version, version_codename, version_id.",
    &[
        "build_id",
        "id",
        "id_like",
        "image_id",
        "image_version",
        "name",
        "pretty_name",
        "variant",
        "variant_id",
        "version",
        "version_codename",
        "version_id",
    ],
);
const VERSION: Desc<'_> = Desc::gauge(
    "node_os_version",
    "Metric containing the major.minor part of the OS version.",
    &["id", "id_like", "name"],
);
const SUPPORT_END: Desc<'_> = Desc::gauge(
    "node_os_support_end_timestamp_seconds",
    "Metric containing the end-of-life date timestamp of the OS.",
    &[],
);

struct Os {
    sources: [Source; 2],
}

impl Collector for Os {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let [first, second] = &mut self.sources;
        let release = match first.parse(os_release::parse) {
            Err(SourceError::Read { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                second.parse(os_release::parse)?
            }
            read => read?,
        };
        encode(&release, out)
    }
}

fn encode(release: &OsRelease<'_>, out: &mut Encoder) -> Result<(), CollectError> {
    let names = [
        "BUILD_ID",
        "ID",
        "ID_LIKE",
        "IMAGE_ID",
        "IMAGE_VERSION",
        "NAME",
        "PRETTY_NAME",
        "VARIANT",
        "VARIANT_ID",
        "VERSION",
        "VERSION_CODENAME",
        "VERSION_ID",
    ];
    out.family(&INFO).sample(&names.map(|name| release.get(name)), 1.0);
    let version = major_minor(release.get("VERSION_ID"));
    if version > 0.0 {
        out.family(&VERSION)
            .sample(&["ID", "ID_LIKE", "NAME"].map(|name| release.get(name)), version);
    }
    match release.get("SUPPORT_END") {
        "" => {}
        date => {
            let wrong = || CollectError::failed(format!("SUPPORT_END in os-release: expected a date, found {date:?}"));
            out.scalar(&SUPPORT_END, seconds_of_date(date).ok_or_else(wrong)? as f64);
        }
    }
    Ok(())
}

/// The digits up to the second point, as a number: `22.04.1` is 22.04. 0 without digits.
fn major_minor(version: &str) -> f64 {
    let digits = |text: &str| text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let mut length = digits(version);
    if let Some(minor) = version.get(length..).and_then(|rest| rest.strip_prefix('.'))
        && length > 0
    {
        length += 1 + digits(minor);
    }
    version.get(..length).and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

/// Seconds from the epoch to the start of a day `YYYY-MM-DD` in UTC.
fn seconds_of_date(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-').zip([4, 2, 2]).map(|(part, length)| {
        let digits = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<i64>().ok()).flatten()
    });
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month_index = usize::try_from(month - 1).ok()?;
    let in_month = *lengths.get(month_index)?;
    let before_month: i64 = lengths.iter().take(month_index).sum();
    let before_year = |year: i64| year * 365 + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    let days = before_year(year) - before_year(1970) + before_month + day - 1;
    (1..=in_month).contains(&day).then_some(days * 86_400)
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;

    #[test]
    fn versions_are_cut_behind_the_minor_number() {
        for (version, expected) in [
            ("22.04.1", 22.04),
            ("12", 12.0),
            ("12.", 12.0),
            ("v3", 0.0),
            (".5", 0.0),
            ("", 0.0),
            ("9rc1", 9.0),
        ] {
            assert_eq!(major_minor(version), expected, "{version}");
        }
    }

    #[test]
    fn dates_are_days_since_the_epoch() {
        for (date, expected) in [
            ("1970-01-01", Some(0)),
            ("2025-12-31", Some(1_767_139_200)),
            ("2024-02-29", Some(1_709_164_800)),
            ("2000-03-01", Some(951_868_800)),
            ("2023-02-29", None),
            ("2025-2-31", None),
            ("2025-13-01", None),
            ("2025-00-01", None),
            ("2025-01-00", None),
            ("2025-01", None),
            ("+025-01-01", None),
            ("soon", None),
        ] {
            assert_eq!(seconds_of_date(date), expected, "{date}");
        }
    }

    #[test]
    fn a_wrong_date_fails_after_the_rest_was_written() {
        let release = os_release::parse(b"ID=x\nNAME=y\nVERSION_ID=\"22.04.1\"\nSUPPORT_END=soon\n").unwrap();
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        let error = encode(&release, &mut out).unwrap_err();
        assert_eq!(
            error.to_string(),
            "SUPPORT_END in os-release: expected a date, found \"soon\""
        );
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.ends_with("node_os_version{id=\"x\",id_like=\"\",name=\"y\"} 22.04\n"),
            "{text}"
        );
    }
}
