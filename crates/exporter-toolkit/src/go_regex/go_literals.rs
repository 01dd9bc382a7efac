//! Characters that stand for themselves in Go's expressions and are operators of the `regex` crate: `{` that begins no
//! repetition, and in classes `[`, `&&`, `~~` and `--`. And `\Q…\E`, which that crate does not know.

/// The expression with all of these escaped. What is malformed stays so.
pub(super) fn escape(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '\\' => match rest.strip_prefix(r"\Q") {
                Some(quoted) => {
                    let (text, after) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
                    out.push_str(&regex_syntax::escape(text));
                    after
                }
                None => take_escape(rest, &mut out),
            },
            '[' => take_class(rest, &mut out),
            '{' if !begins_repetition(rest) => take(rest, r"\{", &mut out),
            _ => take(rest, first.encode_utf8(&mut [0; 4]), &mut out),
        };
    }
    out
}

/// Writes something for the first character, and gives the rest.
fn take<'r>(rest: &'r str, written: &str, out: &mut String) -> &'r str {
    out.push_str(written);
    let mut characters = rest.chars();
    characters.next();
    characters.as_str()
}

/// `\n`, `\x{…}`, `\p{…}`, as they are.
fn take_escape<'r>(rest: &'r str, out: &mut String) -> &'r str {
    let mut characters = rest.chars();
    out.extend(characters.next());
    let name = characters.next();
    out.extend(name);
    let after = characters.as_str();
    if matches!(name, Some('x' | 'p' | 'P'))
        && after.starts_with('{')
        && let Some((inside, after)) = after.split_once('}')
    {
        out.push_str(inside);
        out.push('}');
        return after;
    }
    after
}

/// `{n}`, `{n,}`, `{n,m}`.
fn begins_repetition(rest: &str) -> bool {
    let inside = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    let Some((inside, _)) = inside else { return false };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    !least.is_empty() && digits(least) && digits(most)
}

fn take_class<'r>(rest: &'r str, out: &mut String) -> &'r str {
    let mut rest = take(rest, "[", out);
    if rest.starts_with('^') {
        rest = take(rest, "^", out);
    }
    let mut is_first = true;
    while !rest.is_empty() {
        if rest.starts_with(']') && !is_first {
            return take(rest, "]", out);
        }
        is_first = false;
        rest = take_item(rest, out);
    }
    rest
}

/// A named class, or one character, or two with a dash between.
fn take_item<'r>(rest: &'r str, out: &mut String) -> &'r str {
    if rest.starts_with("[:")
        && let Some((name, after)) = rest.split_once(":]")
    {
        out.push_str(name);
        out.push_str(":]");
        return after;
    }
    let is_set = [r"\d", r"\D", r"\s", r"\S", r"\w", r"\W", r"\p", r"\P"]
        .iter()
        .any(|set| rest.starts_with(set));
    let after = take_member(rest, out);
    match after.strip_prefix('-') {
        Some(last) if !is_set && !last.is_empty() && !last.starts_with(']') => {
            out.push('-');
            take_member(last, out)
        }
        _ => after,
    }
}

/// One character of a class.
fn take_member<'r>(rest: &'r str, out: &mut String) -> &'r str {
    match rest.chars().next() {
        None => rest,
        Some('\\') => take_escape(rest, out),
        Some(operator @ ('[' | ']' | '&' | '~' | '-' | '^')) => {
            out.push('\\');
            take(rest, operator.encode_utf8(&mut [0; 4]), out)
        }
        Some(character) => take(rest, character.encode_utf8(&mut [0; 4]), out),
    }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_is_plain_in_go_is_escaped_and_all_else_stays() {
        for (pattern, escaped) in [
            ("", ""),
            (r#"{"a": {}}"#, r#"\{"a": \{}}"#),
            ("a{2}b{2,}c{2,3}", "a{2}b{2,}c{2,3}"),
            ("a{,2}b{x}c{", r"a\{,2}b\{x}c\{"),
            (r"\Qa.b[\E+", r"a\.b\[+"),
            (r"\Qa.b", r"a\.b"),
            (r"\\Q.\E", r"\\Q.\E"),
            (r"\{\[\x{41}\p{Greek}\pN\", r"\{\[\x{41}\p{Greek}\pN\"),
            ("[a&&b]", r"[a\&\&b]"),
            ("[a~~b]", r"[a\~\~b]"),
            ("[[a]", r"[\[a]"),
            ("[]a]", r"[\]a]"),
            ("[^]a-c]x{", r"[^\]a-c]x\{"),
            ("[a-]", r"[a\-]"),
            ("[-a]", r"[\-a]"),
            ("[+--]", r"[+-\-]"),
            ("[--/]", r"[\--/]"),
            (r"[\d-x]", r"[\d\-x]"),
            ("[[:alpha:]_{]", "[[:alpha:]_{]"),
            (r"[\]\x{41}-\x{43}é]", r"[\]\x{41}-\x{43}é]"),
            ("[a", "[a"),
            ("[a-", r"[a\-"),
        ] {
            assert_eq!(escape(pattern), escaped, "{pattern}");
        }
    }
}
