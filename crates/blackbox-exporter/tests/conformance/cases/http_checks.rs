//! http: what makes an answer a failure. Bodies, headers, JSON, TLS.

use crate::case::Case;

fn http(name: &'static str, keys: &str, target: &'static str) -> Case {
    Case::of("http", name, keys, target)
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = bodies();
    cases.extend(headers());
    cases.extend(expressions());
    cases.extend(json());
    cases
}

fn bodies() -> Vec<Case> {
    let good = "probe_failed_due_to_regex 0";
    let bad = "probe_failed_due_to_regex 1";
    let hello = |name, keys: &str| http(name, keys, "http://<http>/text/hello");
    vec![
        hello(
            "body_matches_what_it_must",
            "fail_if_body_not_matches_regexp: [ell, '^h']",
        )
        .sees(&[good]),
        hello(
            "body_lacks_what_it_must_have",
            "fail_if_body_not_matches_regexp: [ell, x]",
        )
        .fails("content", "validate")
        .sees(&[bad]),
        hello("body_has_what_it_must_not", "fail_if_body_matches_regexp: [x, ell]")
            .fails("content", "validate")
            .sees(&[bad]),
        hello(
            "body_lacks_what_it_must_not_have",
            "fail_if_body_matches_regexp: [x, y]",
        )
        .sees(&[good]),
        http(
            "body_of_a_bad_status_is_not_looked_at",
            "fail_if_body_matches_regexp: [body]",
            "http://<http>/status/500",
        )
        .fails("status", "validate")
        .sees(&["probe_http_status_code 500", good]),
    ]
}

fn headers() -> Vec<Case> {
    let bad = "probe_failed_due_to_regex 1";
    let header = |name, kind: &str, rule: &str| {
        http(
            name,
            &format!("fail_if_header_{kind}: [{{{rule}}}]"),
            "http://<http>/text/hello",
        )
    };
    vec![
        header(
            "header_matches_what_it_must_not",
            "matches",
            "header: X-Words, regexp: ell",
        )
        .fails("header", "validate")
        .sees(&[bad]),
        header(
            "header_does_not_match_what_it_must_not",
            "matches",
            "header: X-Words, regexp: x",
        ),
        header(
            "header_that_must_not_match_is_missing",
            "matches",
            "header: X-None, regexp: x",
        )
        .fails("header", "validate")
        .sees(&[bad]),
        header(
            "header_that_must_not_match_may_be_missing",
            "matches",
            "header: X-None, regexp: x, allow_missing: true",
        ),
        header(
            "header_matches_what_it_must",
            "not_matches",
            "header: x-words, regexp: ell",
        ),
        header(
            "header_does_not_match_what_it_must",
            "not_matches",
            "header: X-Words, regexp: x",
        )
        .fails("header", "validate")
        .sees(&[bad]),
        header(
            "header_that_must_match_is_missing",
            "not_matches",
            "header: X-None, regexp: x",
        )
        .fails("header", "validate")
        .sees(&[bad]),
        header(
            "header_that_must_match_may_be_missing",
            "not_matches",
            "header: X-None, regexp: x, allow_missing: true",
        ),
        header(
            "header_of_two_values_matches_by_the_second",
            "not_matches",
            "header: X-Twice, regexp: '2'",
        ),
        header(
            "header_of_two_values_fails_by_the_second",
            "matches",
            "header: X-Twice, regexp: '2'",
        )
        .fails("header", "validate")
        .sees(&[bad]),
    ]
}

/// The syntax is RE2's, and classes are ASCII.
fn expressions() -> Vec<Case> {
    let word = |name, expression: &str, text| {
        http(
            name,
            &format!("fail_if_body_not_matches_regexp: ['{expression}']"),
            text,
        )
    };
    vec![
        word("regexp_classes_are_ascii", r"^\w+$", "http://<http>/text/na%C3%AFve").fails("content", "validate"),
        word("regexp_dot_is_a_letter", "^..$", "http://<http>/text/%C3%A9x"),
        word(
            "regexp_set_operators_are_letters",
            "^[a&&b]+$",
            "http://<http>/text/a&b",
        ),
        word("regexp_double_dash_is_a_range", "^[+--]+$", "http://<http>/text/+,-"),
        word(
            "regexp_bracket_in_a_class_is_a_letter",
            "^[[a]+$",
            "http://<http>/text/a%5Ba",
        ),
        word(
            "regexp_brace_is_a_letter",
            "^{a{,2}x{2}$",
            "http://<http>/text/%7Ba%7B,2%7Dxx",
        ),
        word("regexp_case", "^(?i)HELLO$", "http://<http>/text/hello"),
        word("regexp_named_group", "^(?P<word>h)ello$", "http://<http>/text/hello"),
        word("regexp_posix_class", "^[[:alpha:]]+$", "http://<http>/text/hello"),
        word("regexp_quoted", r"^\Qa.b\E$", "http://<http>/text/a.b"),
    ]
}

fn json() -> Vec<Case> {
    let cel = |name, kind: &str, expression: &str| {
        http(
            name,
            &format!("fail_if_body_json_{kind}_cel: \"{expression}\""),
            "http://<http>/json",
        )
    };
    let bad = "probe_failed_due_to_cel 1";
    vec![
        cel("cel_matches_what_it_must", "not_matches", "body.status == 'ok'").sees(&["probe_failed_due_to_cel 0"]),
        cel("cel_does_not_match_what_it_must", "not_matches", "body.status == 'bad'")
            .fails("content", "validate")
            .sees(&[bad]),
        cel("cel_matches_what_it_must_not", "matches", "body.count > 2")
            .fails("content", "validate")
            .sees(&[bad]),
        cel("cel_does_not_match_what_it_must_not", "matches", "body.count > 3").sees(&["probe_failed_due_to_cel 0"]),
        cel(
            "cel_numbers_of_json_compare_with_whole_ones",
            "not_matches",
            "body.count == 3 && body.ratio < 1",
        ),
        cel(
            "cel_lists_and_maps",
            "not_matches",
            "body.user.roles.exists(r, r == 'admin') && size(body.list) == 2",
        ),
        cel(
            "cel_asks_whether_a_key_is_there",
            "not_matches",
            "has(body.user.name) && !has(body.user.age)",
        ),
        cel("cel_null", "not_matches", "body.none == null"),
        cel("cel_of_a_key_that_is_missing", "not_matches", "body.nothing == 1").fails("content", "validate"),
        http(
            "cel_of_what_is_no_json",
            "fail_if_body_json_not_matches_cel: \"true\"",
            "http://<http>/text/hello",
        )
        .fails("content", "validate"),
    ]
}
