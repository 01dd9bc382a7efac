//! Any argument list is read or refused with words. The input is the arguments, one on a line, in any bytes.
#![no_main]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use exporter_toolkit::flags::{Flag, Flags, Stop};

const TABLE: &[Flag] = &[
    Flag::switch("collector.cpu", true, "Enable the cpu collector."),
    Flag::switch("collector.ntp", false, "Enable the ntp collector."),
    Flag::value("path.procfs", "/proc", "procfs mountpoint."),
    Flag::optional("collector.netdev.device-include", "Devices."),
    Flag::many("web.listen-address", &[":9100"], "Addresses.").hidden(),
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // An argument file is read from the disk, where there is none of this name.
    let argument = |line: &[u8]| match line {
        [b'@', rest @ ..] => OsString::from_vec([b"@/does/not/exist/", rest].concat()),
        line => OsString::from_vec(line.to_vec()),
    };
    let arguments = data.split(|byte| *byte == b'\n').map(argument);
    match Flags::parse("x", "About.", [TABLE], arguments) {
        Ok(flags) => {
            for flag in TABLE {
                flags.many(&flag.name);
            }
        }
        Err(Stop::Wrong(text)) => assert!(!text.is_empty()),
        Err(Stop::Help(text)) => assert!(text.contains("--path.procfs")),
        Err(Stop::Version) => {}
    }
});
