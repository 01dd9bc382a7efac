//! What a page says that a command prints, beside what it printed.

/// The first line that is shown and was not printed, or the other way round. A line `…` stands for any lines, and `…` in a line
/// for any text. With `all` false, what was printed may have more lines anywhere: others write to a log, too.
pub(crate) fn differs(shown: &str, printed: &str, all: bool) -> Option<String> {
    let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    let mut rest = printed.as_slice();
    let mut any = !all;
    for shown in shown.lines().map(str::trim_end) {
        if shown == "…" {
            any = true;
            continue;
        }
        let place = rest.iter().position(|line| fits(shown, line));
        match place {
            Some(place) if place == 0 || any => rest = rest.get(place + 1..).unwrap_or_default(),
            _ => return Some(shown.to_owned()),
        }
        any = !all;
    }
    rest.first()
        .filter(|_| !any)
        .map(|line| format!("nothing more, but {line}"))
}

/// Whether a line is as shown, where `…` stands for any text.
fn fits(shown: &str, line: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(rest) = parts.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else {
        return rest.is_empty();
    };
    let mut rest = Some(rest);
    for part in between {
        rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, rest)| rest);
    }
    rest.is_some_and(|rest| rest.ends_with(last))
}

#[test]
fn dots_stand_for_what_varies() {
    let cases: [(&str, &str, bool, Option<&str>); 9] = [
        ("a\nb\n", "a\nb\n", true, None),
        ("a\n", "a\nb\n", true, Some("nothing more, but b")),
        ("a\n…\n", "a\nb\nc\n", true, None),
        ("a\n…\nd\n", "a\nb\nc\n", true, Some("d")),
        ("a … c\n", "a b c\n", true, None),
        ("a …d… c\n", "a b c\n", true, Some("a …d… c")),
        ("b\n", "a\nb\nc\n", false, None),
        ("b\na\n", "a\nb\nc\n", false, Some("a")),
        ("", "a\n", true, Some("nothing more, but a")),
    ];
    for (shown, printed, all, expected) in cases {
        assert_eq!(
            differs(shown, printed, all).as_deref(),
            expected,
            "{shown:?} {printed:?}"
        );
    }
}
