//! Whether SELinux is on, from its file system at /sys/fs/selinux, and in which mode, from `enforce` there and from
//! /etc/selinux/config.

use std::path::{Path, PathBuf};

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::attribute;

use crate::context::Context;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "selinux",
    enabled_by_default: true,
    flags: &[],
    build: |context| Ok(Box::new(Selinux::new(context, is_selinuxfs))),
};

const ENABLED: Desc<'_> = Desc::gauge("node_selinux_enabled", "SELinux is enabled, 1 is true, 0 is false", &[]);
const CONFIG_MODE: Desc<'_> = Desc::gauge("node_selinux_config_mode", "Configured SELinux enforcement mode", &[]);
const CURRENT_MODE: Desc<'_> = Desc::gauge("node_selinux_current_mode", "Current SELinux enforcement mode", &[]);

/// The mode when nothing tells another; permissive is 0 and enforcing 1, as in `enforce`.
const DISABLED: f64 = -1.0;
/// `SELINUX_MAGIC` of linux/magic.h.
const MAGIC: u32 = 0xf97c_ff8c;

struct Selinux {
    directory: PathBuf,
    is_selinuxfs: fn(&Path) -> bool,
    label: Source,
    enforce: Source,
    config: Source,
}

impl Selinux {
    fn new(context: &Context, is_selinuxfs: fn(&Path) -> bool) -> Self {
        Self {
            directory: context.sys_path("fs/selinux"),
            is_selinuxfs,
            label: context.proc("self/attr/current"),
            enforce: context.sys("fs/selinux/enforce"),
            config: Source::new(context.root_path("etc/selinux/config")),
        }
    }

    fn is_enabled(&mut self) -> bool {
        // Until a policy is loaded every process has the label of the kernel.
        const NO_POLICY: &[u8] = b"kernel";
        let label = self.label.read().unwrap_or_default();
        (self.is_selinuxfs)(&self.directory) && label.strip_suffix(b"\0").unwrap_or(label) != NO_POLICY
    }
}

impl Collector for Selinux {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let enabled = self.is_enabled();
        out.scalar(&ENABLED, f64::from(u8::from(enabled)));
        if enabled {
            let configured = self.config.read().map_or(DISABLED, configured_mode);
            out.scalar(&CONFIG_MODE, configured);
            let current = self.enforce.parse(attribute::parse_i64);
            out.scalar(&CURRENT_MODE, current.map_or(DISABLED, |mode| mode as f64));
        }
        Ok(())
    }
}

fn is_selinuxfs(directory: &Path) -> bool {
    // The type's width and sign differ between architectures; the number has 32 bits.
    rustix::fs::statfs(directory).is_ok_and(|stat| stat.f_type as u32 == MAGIC)
}

/// The mode that the first line `SELINUX=` of the configuration tells.
fn configured_mode(config: &[u8]) -> f64 {
    let values = config.split(|&byte| byte == b'\n');
    let mut values = values.filter_map(|line| line.trim_ascii().strip_prefix(b"SELINUX="));
    match values.next() {
        Some(b"enforcing" | b"\"enforcing\"") => 1.0,
        Some(b"permissive" | b"\"permissive\"") => 0.0,
        _ => DISABLED,
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::testing::{context, root, samples};

    fn collector(root: &TempDir, is_selinuxfs: fn(&Path) -> bool) -> Selinux {
        Selinux::new(&context(root.path(), &[]), is_selinuxfs)
    }

    #[test]
    fn a_folder_of_that_name_is_not_the_file_system() {
        let root = root(&[("sys/fs/selinux/enforce", "1")]);
        let mut collector = collector(&root, is_selinuxfs);
        assert_eq!(samples(&mut collector).unwrap(), "node_selinux_enabled 0\n");
    }

    #[test]
    fn modes_are_told_where_it_is_on() {
        let root = root(&[
            ("sys/fs/selinux/enforce", "0"),
            ("etc/selinux/config", "# SELINUX=disabled\nSELINUX=enforcing\n"),
            ("proc/self/attr/current", "system_u:system_r:init_t:s0\0"),
        ]);
        let mut collector = collector(&root, |path| path.ends_with("sys/fs/selinux"));
        let expected = "\
node_selinux_config_mode 1
node_selinux_current_mode 0
node_selinux_enabled 1
";
        assert_eq!(samples(&mut collector).unwrap(), expected);
    }

    #[test]
    fn what_cannot_be_read_counts_as_disabled() {
        let root = root(&[("sys/fs/selinux/enforce", "odd")]);
        let mut collector = collector(&root, |_| true);
        let expected = "\
node_selinux_config_mode -1
node_selinux_current_mode -1
node_selinux_enabled 1
";
        assert_eq!(samples(&mut collector).unwrap(), expected);
    }

    #[test]
    fn without_a_policy_it_is_off() {
        for label in ["kernel", "kernel\0"] {
            let root = root(&[("proc/self/attr/current", label)]);
            let mut collector = collector(&root, |_| true);
            assert_eq!(samples(&mut collector).unwrap(), "node_selinux_enabled 0\n");
        }
    }

    #[test]
    fn the_first_line_of_the_configuration_counts() {
        for (config, mode) in [
            ("SELINUX=enforcing\n", 1.0),
            ("\n SELINUX=\"permissive\" \n", 0.0),
            ("SELINUX=disabled\nSELINUX=enforcing\n", -1.0),
            ("SELINUXTYPE=targeted\n#SELINUX=enforcing\n", -1.0),
            ("", -1.0),
        ] {
            assert_eq!(configured_mode(config.as_bytes()), mode, "{config:?}");
        }
    }
}
