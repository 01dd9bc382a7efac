//! Is the answer what it must be? Its code, and the records of its three sections.

use log::Level;

use super::message::Answer;
use super::record::Record;
use super::registry;
use crate::config::{DnsModule, Pattern, RecordMatchers};
use crate::failure::{Failure, Reason, Step};
use crate::probe_log::ProbeLog;

/// Checks everything, in upstream's order.
pub(super) fn validate(answer: &Answer, module: &DnsModule, log: &ProbeLog) -> Result<(), Failure> {
    rcode(answer.rcode, &module.valid_rcodes)?;
    let sections = [
        ("answer", &answer.answer, &module.validate_answer_rrs),
        ("authority", &answer.authority, &module.validate_authority_rrs),
        ("additional", &answer.additional, &module.validate_additional_rrs),
    ];
    for (name, records, matchers) in sections {
        section(name, records, matchers, log)?;
    }
    Ok(())
}

fn rcode(found: u16, valid: &[String]) -> Result<(), Failure> {
    let mut numbers = Vec::new();
    for name in valid {
        let number = registry::rcode_number(name).ok_or_else(|| {
            let text = format!("valid_rcodes: there is no code {name:?}");
            Failure::new(Step::Validate, Reason::BadModule, text)
        })?;
        numbers.push(number);
    }
    if numbers.is_empty() {
        numbers.push(0);
    }
    if numbers.contains(&found) {
        return Ok(());
    }
    let text = format!("the server answered {}", registry::rcode_name(found));
    Err(Failure::new(Step::Validate, Reason::Status, text))
}

fn section(name: &str, records: &[Record], matchers: &RecordMatchers, log: &ProbeLog) -> Result<(), Failure> {
    let RecordMatchers {
        fail_if_matches_regexp: forbidden,
        fail_if_all_match_regexp: all,
        fail_if_not_matches_regexp: required,
        fail_if_none_matches_regexp: any,
    } = matchers;
    let fail = |text: String| Err(Failure::new(Step::Validate, Reason::Record, text));
    if records.is_empty() && !(required.is_empty() && any.is_empty()) {
        return fail(format!("no {name} record came, and one must match"));
    }
    let matches = |pattern: &Pattern, record: &Record| pattern.regex.is_match(&record.text);
    for record in records {
        log.line(
            Level::Debug,
            "Validating record",
            &[("section", &name), ("rr", &record.text)],
        );
        if forbidden.iter().any(|pattern| matches(pattern, record)) {
            return fail(format!(
                "an {name} record matches fail_if_matches_regexp: {}",
                record.text
            ));
        }
        if !required.iter().all(|pattern| matches(pattern, record)) {
            return fail(format!(
                "an {name} record does not match fail_if_not_matches_regexp: {}",
                record.text
            ));
        }
    }
    // As upstream does: it fails when one does not match, whatever the name says.
    if !records
        .iter()
        .all(|record| all.iter().all(|pattern| matches(pattern, record)))
    {
        return fail(format!("not all {name} records match fail_if_all_match_regexp"));
    }
    let one = any.is_empty()
        || records
            .iter()
            .any(|record| any.iter().any(|pattern| matches(pattern, record)));
    match one {
        true => Ok(()),
        false => fail(format!("no {name} record matches fail_if_none_matches_regexp")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> Record {
        Record {
            kind: 1,
            ttl: 0,
            serial: None,
            text: text.to_owned(),
        }
    }

    /// The outcome with these matchers: the reason, or none.
    fn outcome(records: &[&str], yaml: &str) -> Option<Reason> {
        let records: Vec<Record> = records.iter().map(|text| record(text)).collect();
        let matchers: RecordMatchers = serde_saphyr::from_str(yaml).expect("matchers");
        let log = ProbeLog::new("m", "t", Level::Error);
        section("answer", &records, &matchers, &log)
            .err()
            .map(|failure| failure.reason)
    }

    #[test]
    fn records_are_matched_as_upstream_matches_them() {
        let fails = Some(Reason::Record);
        let cases: [(&[&str], &str, Option<Reason>); 16] = [
            (&["a", "b"], "fail_if_matches_regexp: [b]", fails),
            (&["a", "b"], "fail_if_matches_regexp: [c]", None),
            (&[], "fail_if_matches_regexp: ['']", None),
            (&["a", "ab"], "fail_if_all_match_regexp: [a]", None),
            (&["a", "b"], "fail_if_all_match_regexp: [a]", fails),
            (&["ab", "a"], "fail_if_all_match_regexp: [a, b]", fails),
            (&[], "fail_if_all_match_regexp: [a]", None),
            (&["a", "ab"], "fail_if_not_matches_regexp: [a]", None),
            (&["a", "b"], "fail_if_not_matches_regexp: [a]", fails),
            (&["ab", "a"], "fail_if_not_matches_regexp: [a, b]", fails),
            (&[], "fail_if_not_matches_regexp: [a]", fails),
            (&["a", "b"], "fail_if_none_matches_regexp: [b, c]", None),
            (&["a", "b"], "fail_if_none_matches_regexp: [c]", fails),
            (&[], "fail_if_none_matches_regexp: ['']", fails),
            (&[], "{}", None),
            (&["a"], "{}", None),
        ];
        for (records, yaml, expected) in cases {
            assert_eq!(outcome(records, yaml), expected, "{records:?} {yaml}");
        }
    }

    #[test]
    fn codes_are_compared_by_number() {
        let cases: [(u16, &[&str], Option<Reason>); 6] = [
            (0, &[], None),
            (3, &[], Some(Reason::Status)),
            (3, &["NOERROR", "NXDOMAIN"], None),
            (4, &["NOTIMPL"], None),
            (16, &["BADSIG"], None),
            (3, &["NXDOMAIN", "FOO"], Some(Reason::BadModule)),
        ];
        for (found, valid, expected) in cases {
            let valid: Vec<String> = valid.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(
                rcode(found, &valid).err().map(|failure| failure.reason),
                expected,
                "{found} {valid:?}"
            );
        }
    }
}
