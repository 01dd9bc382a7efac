//! The words of notifications, rendered by amtool from deploy/alertmanager/tests/*.json, are those of *.golden there.
//! UPDATE_GOLDEN=1 writes them anew.

use std::{fmt::Write, fs, path::Path, process::Command};

use crate::{amtool, folder, tools::text};

const TEXTS: [&str; 6] = ["title", "severity", "color", "alertmanager", "text", "slack"];

#[test]
fn notifications_read_as_the_golden_ones() {
    let Some(amtool) = amtool() else { return };
    for name in ["firing", "resolved"] {
        let data = folder().join(format!("tests/{name}.json"));
        let mut rendered = String::new();
        for (template, kind) in TEXTS
            .map(|template| (template, "text"))
            .into_iter()
            .chain([("html", "html")])
        {
            let words = render(&amtool, &data, template, kind);
            write!(rendered, "== {template}\n{words}\n").expect("a string takes all");
        }
        let golden = folder().join(format!("tests/{name}.golden"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &rendered).expect("the repository can be written");
        }
        assert_eq!(rendered, fs::read_to_string(&golden).expect("a text file"), "{name}");
    }
}

fn render(amtool: &Path, data: &Path, template: &str, kind: &str) -> String {
    let output = Command::new(amtool)
        .args(["template", "render"])
        .arg(format!(
            "--template.glob={}",
            folder().join("templates/*.tmpl").display()
        ))
        .arg(format!("--template.data={}", data.display()))
        .arg(format!("--template.type={kind}"))
        .arg(format!(
            "--template.text={{{{ template \"pilotlight.{template}\" . }}}}"
        ))
        .output()
        .expect("amtool can be started");
    assert!(output.status.success(), "{template}: {}", text(&output));
    String::from_utf8(output.stdout).expect("text")
}
