//! `lab plot` and `lab query` as people and scripts run them, fed by a Prometheus of the tests' own.
#![expect(clippy::disallowed_methods, reason = "these tests run lab, and threads of their own")]

mod report;
mod scripted;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use resvg::tiny_skia::Pixmap;

/// When everything here ends: a round time, so that nothing depends on the clock.
const UNTIL: &str = "1700000100000";

fn lab(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(args)
        .env("TZ", "UTC")
        .env("COLUMNS", "72")
        .env_remove("NO_COLOR")
        .current_dir(root())
        .output()
        .expect("lab can be started")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("lab prints text")
}

/// Of a quarter of an hour, drawn to a file.
fn drawn(exprs: &[&str], name: &str, more: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join(name);
    let url = scripted::start();
    let output = ["-o", file.to_str().expect("a plain name"), "--prometheus", &url];
    let output = lab(&[&["plot", "--last=15m", "--until", UNTIL], exprs, &output, more].concat());
    assert_eq!(
        (output.status.code(), text(&output.stdout), text(&output.stderr)),
        (Some(0), "", "")
    );
    fs::read(file).expect("it is written")
}

/// UPDATE_GOLDEN=1 writes them anew.
fn golden(name: &str, found: &str) {
    let file = root().join("crates/lab/tests/plot/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|update| update == "1") {
        fs::write(&file, found).expect("the repository can be written");
    }
    assert_eq!(found, fs::read_to_string(&file).expect("a text file"), "{name}");
}

#[test]
fn a_terminal_shows_lines_on_one_axis_and_gaps_as_gaps() {
    let url = scripted::start();
    for (name, args) in [
        ("two.txt", &["wave", "flat"][..]),
        ("gap.txt", &["gap", "--unit=bytes"]),
    ] {
        let output = lab(&[&["plot", "--last=15m", "--until", UNTIL, "--prometheus", &url], args].concat());
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
        golden(name, text(&output.stdout));
    }
}

#[test]
fn a_picture_is_svg_with_a_line_for_each_piece() {
    // Of a gap there are two pieces.
    for (exprs, pieces, names) in [
        (&["wave"][..], 1, vec!["wave{job=\"a\"}"]),
        (&["wave", "flat"], 2, vec!["wave{job=\"a\"}", "flat{job=\"a\"}"]),
        (&["gap"], 2, vec!["gap{job=\"a\"}"]),
        // XML has no such characters.
        (&["wave\u{7}<&\""], 1, vec!["wave\u{fffd}<&\"{job=\"a\"}"]),
    ] {
        let svg = drawn(exprs, "x.svg", &[]);
        let tree = resvg::usvg::roxmltree::Document::parse(text(&svg)).expect("XML");
        let root = tree.root_element();
        assert_eq!(
            (
                root.tag_name().name(),
                root.attribute("width"),
                root.attribute("height")
            ),
            ("svg", Some("900"), Some("360"))
        );
        let lines = tree.descendants().filter(|node| {
            // Ticks and edges have two points.
            let points = node.attribute("points").map_or(0, |points| points.split(' ').count());
            node.tag_name().name() == "polyline" && points > 4
        });
        assert_eq!(lines.count(), pieces, "{exprs:?}");
        let texts: Vec<_> = tree
            .descendants()
            .filter_map(|node| node.text())
            .map(str::trim)
            .collect();
        for name in names {
            assert!(texts.contains(&name), "{name}: {texts:?}");
        }
    }
}

/// Read back by another program's decoder: how large it is, and what is behind everything.
#[test]
fn a_picture_is_png_on_white_or_black() {
    for (more, size, ground) in [
        (&[][..], (1800, 720), [255, 255, 255, 255]),
        (
            &["--dark", "--width=400", "--height=200"],
            (800, 400),
            [0x18, 0x1b, 0x1f, 255],
        ),
    ] {
        let picture = Pixmap::decode_png(&drawn(&["wave", "flat"], "x.png", more)).expect("a PNG");
        assert_eq!((picture.width(), picture.height()), size);
        let corner = picture.pixel(0, 0).expect("it has one").demultiply();
        assert_eq!([corner.red(), corner.green(), corner.blue(), corner.alpha()], ground);
        let mut colors: Vec<_> = picture
            .pixels()
            .iter()
            .map(|pixel| (pixel.red(), pixel.green()))
            .collect();
        colors.sort_unstable();
        colors.dedup();
        assert!(
            colors.len() > 20,
            "lines and letters are drawn: {} colors",
            colors.len()
        );
    }
}

#[test]
fn a_sheet_has_a_row_for_each_time_and_nothing_in_gaps() {
    let csv = drawn(&["wave", "gap"], "x.csv", &["--step=5m"]);
    assert_eq!(
        text(&csv),
        "time,\"wave{job=\"\"a\"\"}\",\"gap{job=\"\"a\"\"}\"\r\n\
         2023-11-14T22:00:00Z,0,0\r\n\
         2023-11-14T22:05:00Z,0.5765308380254051,\r\n\
         2023-11-14T22:10:00Z,3.6560249132900484,3.6560249132900484\r\n\
         2023-11-14T22:15:00Z,3.463427081999565,3.463427081999565\r\n"
    );
}

#[test]
fn what_an_expression_is_now_is_a_table_or_json() {
    let url = scripted::start();
    let output = lab(&["query", "up", "--prometheus", &url]);
    assert_eq!(
        (output.status.code(), text(&output.stdout), text(&output.stderr)),
        (
            Some(0),
            "__name__  job     VALUE\nup        a           1\nup        b?[31m    inf\n",
            ""
        )
    );
    let output = lab(&["query", "--json", "up", "--prometheus", &url]);
    let values: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        values,
        serde_json::json!([
            {"labels": {"__name__": "up", "job": "a"}, "value": 1.0, "time": 1_700_000_000.0},
            {"labels": {"__name__": "up", "job": "b\u{1b}[31m"}, "value": "inf", "time": 1_700_000_000.0},
        ])
    );
}

/// What scripts see, and what people are told to do.
#[test]
fn each_failure_has_its_exit_code_and_says_what_to_do() {
    let url = scripted::start();
    let nobody = "http://127.0.0.1:1";
    let at = |args: &[&'static str], url: &str| {
        let mut words: Vec<String> = args.iter().map(|&word| word.to_owned()).collect();
        words.extend(["--prometheus".to_owned(), url.to_owned()]);
        words
    };
    let table = [
        (
            at(&["plot", "nothing"], &url),
            3,
            "lab: no data: look further back with --last, or ",
        ),
        (at(&["plot", "nothing", "-o", "x.svg"], &url), 3, "lab: no data: "),
        (at(&["query", "nothing"], &url), 3, "lab: no value: "),
        (
            at(&["plot", "broken(1)"], &url),
            1,
            "lab: asking for broken(1): 1:1: parse error: unknown function with name \"broken\"",
        ),
        (
            at(&["query", "broken(1)"], &url),
            1,
            "lab: asking for broken(1): 1:1: parse error",
        ),
        (at(&["plot", "up"], nobody), 1, "is Prometheus running there?"),
        (at(&["query", "up"], nobody), 1, "is Prometheus running there?"),
        (
            at(&["plot", "--dashboard=pilotlight-node", "-o", "x.html"], nobody),
            1,
            "is Prometheus running there?",
        ),
        (at(&["query", "page"], &url), 1, "is its address right, with its path?"),
        (
            at(&["query", "starting"], &url),
            1,
            "status 503; Prometheus is starting",
        ),
        (
            at(&["query", "up"], "127.0.0.1:9090"),
            1,
            "give one such as http://127.0.0.1:9090",
        ),
        (
            at(&["plot", "up", "-o", "x.gif"], &url),
            1,
            "a chart is written as .svg, .png or .csv",
        ),
        (
            at(&["plot", "--dashboard=pilotlight-node", "-o", "x.svg"], &url),
            1,
            "a dashboard is written as .html: name one with -o FILE.html",
        ),
        (
            at(&["plot", "--dashboard=nobody", "-o", "x.html"], &url),
            1,
            "no dashboard \"nobody\" in grafana/dashboards",
        ),
        (
            at(&["plot", "up", "-o", "/nowhere/x.svg"], &url),
            1,
            "writing /nowhere/x.svg: No such file",
        ),
        (
            at(&["plot", "up", "--last=soon"], &url),
            2,
            "expected a time such as 15m or 6h",
        ),
        (
            at(&["plot", "up", "--until=later"], &url),
            2,
            "expected a time such as now-1d",
        ),
        (at(&["plot"], &url), 2, "<EXPR>"),
        (at(&["query"], &url), 2, "<EXPR>"),
        (at(&["plot", "--dashboard=x"], &url), 2, "--output <FILE>"),
    ];
    for (args, code, says) in table {
        let words: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = lab(&words);
        let stderr = text(&output.stderr);
        assert_eq!(
            (output.status.code(), text(&output.stdout)),
            (Some(code), ""),
            "{args:?}: {stderr}"
        );
        assert!(stderr.contains(says), "{args:?}: {stderr}");
    }
    let output = lab(&["query", "--json", "nothing", "--prometheus", &url]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(3), "[]\n"));
}
