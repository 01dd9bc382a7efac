//! What the procedures of NFS are called in the label `method`, for client and server alike. The names are
//! node_exporter's, and differ between versions.

use exposition::Family;

/// Procedures of version 2, in the protocol's order.
pub(crate) const V2: [&str; 18] = [
    "Null", "GetAttr", "SetAttr", "Root", "Lookup", "ReadLink", "Read", "WrCache", "Write", "Create", "Remove",
    "Rename", "Link", "SymLink", "MkDir", "RmDir", "ReadDir", "FsStat",
];

/// Procedures of version 3, in the protocol's order.
pub(crate) const V3: [&str; 22] = [
    "Null",
    "GetAttr",
    "SetAttr",
    "Lookup",
    "Access",
    "ReadLink",
    "Read",
    "Write",
    "Create",
    "MkDir",
    "SymLink",
    "MkNod",
    "Remove",
    "RmDir",
    "Rename",
    "Link",
    "ReadDir",
    "ReadDirPlus",
    "FsStat",
    "FsInfo",
    "PathConf",
    "Commit",
];

/// One sample for each method that has a name. Calls that the kernel does not count are 0, as when it lacks a version.
pub(crate) fn encode_calls(version: &str, methods: &[&str], calls: &[u64], family: &mut Family<'_>) {
    for (index, method) in methods.iter().enumerate().filter(|(_, method)| !method.is_empty()) {
        let calls = calls.get(index).copied().unwrap_or(0);
        family.sample(&[method, version], calls as f64);
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Desc, Encoder, Format, assemble};

    use super::*;

    #[test]
    fn methods_without_a_name_are_left_out_and_those_without_calls_are_zeros() {
        let desc = Desc::counter("calls_total", "h", &["method", "proto"]);
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        encode_calls("2", &["", "a", "b", "c"], &[1, 2, 3], &mut out.family(&desc));
        assemble([&out], &mut text);
        let expected = "# HELP calls_total h\n# TYPE calls_total counter\n\
            calls_total{method=\"a\",proto=\"2\"} 2\n\
            calls_total{method=\"b\",proto=\"2\"} 3\n\
            calls_total{method=\"c\",proto=\"2\"} 0\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
