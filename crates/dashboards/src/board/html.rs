//! Text as HTML, and colors as classes: a strict policy lets no element have a style of its own.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::look::Rgb;

/// So that it is text, also between quotes. Characters that a page cannot have are replaced.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && !c.is_ascii_whitespace() => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

/// The class of a color: `c-f2495c`.
pub(super) fn class(color: Rgb) -> String {
    let ink = if color.is_bright() { "on-bright" } else { "on-deep" };
    format!("c-{} {ink}", color.text())
}

/// The rules of all classes of colors in some HTML.
#[must_use]
pub fn color_classes(html: &str) -> String {
    let mut found = BTreeSet::new();
    for part in html.split("c-").skip(1) {
        if let Some(hex) = part
            .get(..6)
            .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            found.insert(hex);
        }
    }
    found.into_iter().map(|hex| format!(".c-{hex}{{--c:#{hex}}}")).collect()
}

/// JSON inside of a script element: nothing in it can end the element.
pub(super) fn json(value: &impl Serialize) -> String {
    // Only what has no text for a key, or fails by itself, cannot be written.
    let text = serde_json::to_string(value).unwrap_or_default();
    if text.contains('<') {
        text.replace('<', "\\u003c")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escaped("<a b='\"'>&"), "&lt;a b=&#39;&quot;&#39;&gt;&amp;");
        assert_eq!(escaped("a\x1b[31m\0\nb\u{9b}"), "a\u{fffd}[31m\u{fffd}\nb\u{fffd}");
        assert_eq!(json(&serde_json::json!("</script>")), "\"\\u003c/script>\"");
    }

    #[test]
    fn each_color_has_one_rule() {
        let html = format!(
            "<i class=\"{}\"></i><b class=\"c-00ff00\">c-zzzzzz c-1</b>",
            class(Rgb(1, 2, 3))
        );
        assert_eq!(color_classes(&html), ".c-00ff00{--c:#00ff00}.c-010203{--c:#010203}");
    }
}
