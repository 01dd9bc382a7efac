//! Escapes of the formats.

/// For a regular expression that is itself inside of a PromQL string, as Grafana's Prometheus does it: two backslashes.
pub(super) fn prometheus_regex(text: &str) -> String {
    escaped(text, "$^*{}[]'+?.()|", "\\\\", "\\\\\\\\")
}

/// For a PromQL string.
pub(super) fn prometheus_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\\\'")
}

/// For a regular expression.
pub(super) fn regex(text: &str) -> String {
    escaped(text, "$^*{}[]+?.()|/", "\\", "\\\\")
}

/// For a query of Lucene.
pub(super) fn lucene(text: &str) -> String {
    escaped(text, "!*+-=<>&|()[]{}^~?:\"/ ", "\\", "\\\\")
}

fn escaped(text: &str, special: &str, before: &str, backslash: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' => out.push_str(backslash),
            c => {
                if special.contains(c) {
                    out.push_str(before);
                }
                out.push(c);
            }
        }
    }
    out
}
