//! The page at `/`: a form to probe, and the probes of the past. It works without scripts, and all its links are
//! relative, so that it works behind any prefix.

use exporter_toolkit::self_metrics::VERSION;
use exporter_toolkit::web::html_escaped;

use super::history::{History, Past};
use crate::config::Config;

/// The page, everything escaped.
pub(super) fn page(config: &Config, history: &History) -> String {
    let mut page = String::from(HEAD);
    for name in config.modules.keys() {
        let name = html_escaped(name);
        page.push_str(&format!("<option value=\"{name}\">{name}</option>\n"));
    }
    page.push_str(MIDDLE);
    let mut none = true;
    history.for_each(|past| {
        none = false;
        push_row(&mut page, past);
    });
    if none {
        page.push_str("<tr><td colspan=\"7\">None yet.</td></tr>\n");
    }
    page.push_str(&format!(
        "</tbody>\n</table>\n<p class=\"quiet\">Version {}</p>\n</main>\n</body>\n</html>\n",
        html_escaped(VERSION)
    ));
    page
}

fn push_row(page: &mut String, past: &Past) {
    let [module, target] = [&past.module_name, &past.target].map(|text| html_escaped(text));
    let (class, result, why) = match past.failure {
        None => ("good", "Success", String::new()),
        Some((reason, step)) => ("bad", "Failure", format!("{reason} ({step})").replace('_', " ")),
    };
    let (time, took) = (humantime::format_rfc3339_seconds(past.time), past.took.as_secs_f64());
    let id = past.id;
    page.push_str(&format!(
        "<tr><td>{time}</td><td>{module}</td><td>{target}</td><td class=\"{class}\">{result}</td>\
         <td>{why}</td><td>{took:.3} s</td><td><a href=\"logs?id={id}\">Logs</a></td></tr>\n"
    ));
}

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>Blackbox Exporter</title>
<style>
body { font-family: system-ui, sans-serif; margin: 0; color: #222; }
header { background: #1f4b6e; color: #fff; padding: 1rem; }
h1 { font-size: 1.2rem; margin: 0; }
h2 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
main { padding: 1rem; }
form { display: flex; flex-wrap: wrap; gap: .8rem; align-items: end; }
label { display: flex; flex-direction: column; gap: .2rem; }
label.inline { flex-direction: row; }
input[type=text] { min-width: 20rem; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }
.good { color: #17692b; }
.bad { color: #b00020; font-weight: bold; }
.quiet { color: #666; }
</style>
</head>
<body>
<header><h1>Blackbox Exporter</h1></header>
<main>
<p><a href="metrics">Metrics</a> · <a href="config">Configuration</a> · <a href="-/healthy">Health</a></p>
<h2>Probe</h2>
<form action="probe" method="get">
<label>Target <input type="text" name="target" required placeholder="https://prometheus.io"></label>
<label>Module <select name="module">
"#;

const MIDDLE: &str = r#"</select></label>
<label class="inline"><input type="checkbox" name="debug" value="true" checked> with logs</label>
<button type="submit">Probe</button>
</form>
<h2>Recent probes</h2>
<table>
<thead><tr><th>Time</th><th>Module</th><th>Target</th><th>Result</th><th>Why</th><th>Took</th><th>Debug</th></tr></thead>
<tbody>
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    use crate::failure::{Failure, Reason, Step};
    use crate::pages::history::Told;
    use crate::probe_log::ProbeLog;

    #[test]
    fn nothing_that_was_asked_for_can_be_markup() {
        let config = crate::config::parse("modules: {'\"><b>': {prober: tcp}}").unwrap();
        let history = History::new(1);
        let failure = Failure::new(Step::Connect, Reason::ConnectionRefused, "refused");
        history.add(Told {
            module_name: "<m>",
            target: "\"'><script>",
            took: Duration::from_millis(1234),
            failure: Some(&failure),
            module: &Arc::default(),
            log: ProbeLog::new("", "", log::Level::Error).into_record(),
            metrics: b"",
            packed_metrics: None,
        });
        let page = page(&config, &history);
        assert!(
            page.contains("<option value=\"&quot;&gt;&lt;b&gt;\">&quot;&gt;&lt;b&gt;</option>"),
            "{page}"
        );
        let row = "<td>&lt;m&gt;</td><td>&quot;&#39;&gt;&lt;script&gt;</td><td class=\"bad\">Failure</td>\
                   <td>connection refused (connect)</td><td>1.234 s</td><td><a href=\"logs?id=0\">Logs</a></td>";
        assert!(page.contains(row), "{page}");
    }

    #[test]
    fn an_empty_history_says_so() {
        assert!(page(&Config::default(), &History::new(5)).contains("None yet."));
    }
}
