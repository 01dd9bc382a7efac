//! What servers are filled with, and what is read of an answer.
#![allow(dead_code, reason = "each test uses its part")]

use std::collections::BTreeSet;
use std::fs;

use crate::rig::{Exporter, Redis};

/// A key of every type, and names that are hard to write down.
pub(crate) const KEYS: &str = r#"SET text hello
    SET number 42.5
    SET underscored 1_000
    SET infinite -Inf
    SET toolarge 1e400
    SET empty ""
    SET lines "two\nlines \"q\" \\ back"
    SET bytes "\xff\xfe\x00"
    SET "quote\"d" 1
    SET "new\nline" 2
    SET "ü t f" 3
    SET "bin\xffary" 4
    SET "comma,key" 5
    SETBIT bits 100 1
    RPUSH list 1 2 3
    SADD set 1 2 3 4
    ZADD zset 1 a 2 b
    HSET hash field value
    PFADD counter a b c
    SELECT 3
    SET text there
    RPUSH list 1
    SELECT 0"#;

/// Streams, each part with one command at its end whose answer has more than one line.
const STREAMS: [&str; 3] = [
    r#"XADD st 1638006862416-0 a b
    XADD st 1638006862417-2 a b
    XADD st 1638006862418-2 a b
    XDEL st 1638006862417-2
    XGROUP CREATE st g1 0
    XGROUP CREATE st g2 $
    XGROUP CREATECONSUMER st g1 "c\"2"
    XGROUP CREATE empty:st ge $ MKSTREAM
    XREADGROUP GROUP g1 c1 COUNT 1 STREAMS st >"#,
    "XADD whole 5-1 a b
    XGROUP CREATE whole g 0
    XREADGROUP GROUP g c COUNT 1 STREAMS whole >",
    "XADD whole 6-1 a b
    SELECT 3
    XADD st 7-1 a b",
];

pub(crate) fn add_streams(redis: &Redis) {
    for part in STREAMS {
        redis.run(part);
    }
}

pub(crate) fn start(redis: &Redis, args: &[&str]) -> Exporter {
    let address = format!("--redis.addr={}", redis.address());
    Exporter::start(&[&[address.as_str()], args].concat())
}

/// The samples that begin like this, in order.
pub(crate) fn lines<'t>(text: &'t str, starts: &[&str]) -> BTreeSet<&'t str> {
    let lines = text.lines();
    lines
        .filter(|line| starts.iter().any(|start| line.starts_with(start)))
        .collect()
}

/// A folder with these scripts, and the flag that names them.
pub(crate) fn scripts(scripts: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let paths = scripts.iter().map(|(name, text)| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    });
    let flag = format!("--script={}", paths.collect::<Vec<_>>().join(","));
    (folder, flag)
}
