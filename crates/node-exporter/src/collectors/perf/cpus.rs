//! Which CPUs are counted: those of the flag, `0-7:2,9`, where 2 is the stride of the range; else those that are online.

use std::collections::BTreeSet;
use std::thread::available_parallelism;

use exporter_toolkit::collector::BuildError;
use kernel_stats::cpu_list;

use crate::context::Context;

/// The CPUs that the flag lists.
///
/// # Errors
/// The part of the flag that is neither a number nor a range of them.
pub(super) fn listed(list: &str) -> Result<BTreeSet<u32>, BuildError> {
    let mut cpus = BTreeSet::new();
    for part in list.split(',') {
        let range = range(part).ok_or_else(|| format!("expected a CPU, or a range as 0-7 or 0-7:2, found {part:?}"))?;
        cpus.extend(range);
    }
    Ok(cpus)
}

/// No kernel has more CPUs than a number of 16 bits counts, so that a slip does not ask for thousands of millions.
fn range(part: &str) -> Option<impl Iterator<Item = u32>> {
    let (range, stride) = match part.split_once(':') {
        Some((range, stride)) if range.contains('-') => (range, stride.parse::<u16>().ok()?),
        Some(_) => return None,
        None => (part, 1),
    };
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
    let stride = (stride > 0).then_some(stride)?;
    Some((u32::from(first)..=last.into()).step_by(stride.into()))
}

/// The CPUs that are online, from /sys/devices/system/cpu/online; without it so many as this program may use.
pub(super) fn online(context: &Context) -> BTreeSet<u32> {
    let mut file = context.sys("devices/system/cpu/online");
    match file.parse(cpu_list::parse) {
        Ok(ranges) => ranges.into_iter().flatten().collect(),
        Err(_) => (0..available_parallelism().map_or(1, usize::from) as u32).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn lists_have_numbers_ranges_and_strides() {
        for (list, expected) in [
            ("0", &[0][..]),
            ("3,1,3", &[1, 3]),
            ("0-3", &[0, 1, 2, 3]),
            ("1-10:5,2", &[1, 2, 6]),
            ("3-1", &[]),
            ("65534-65535:9", &[65534]),
        ] {
            let found: Vec<u32> = listed(list).unwrap().into_iter().collect();
            assert_eq!(found, expected, "{list}");
        }
    }

    #[test]
    fn other_parts_are_errors() {
        for (list, part) in [
            ("0,x", "x"),
            ("", ""),
            ("0-", "0-"),
            ("4:2", "4:2"),
            ("0-4:0", "0-4:0"),
            ("0-4:", "0-4:"),
            ("1-2-3", "1-2-3"),
            ("-1", "-1"),
            ("65536", "65536"),
        ] {
            let error = listed(list).unwrap_err().to_string();
            assert!(error.ends_with(&format!("found {part:?}")), "{error}");
        }
    }
}
