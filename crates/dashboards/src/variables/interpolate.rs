//! Fills variables into queries, titles and links: `$x`, `${x}`, `${x:format}`, `[[x]]`, `[[x:format]]`.

use std::{borrow::Cow, sync::LazyLock};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex::{Captures, Regex};

use super::{
    escape,
    scope::{Bound, Scope},
};

/// What values become where no format is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// In PromQL: escaped, and `(a|b)` where there are more.
    Prometheus,
    /// In titles: as people see them, with ` + ` between them.
    Text,
    /// In addresses.
    PercentEncode,
    /// As they are, with commas between them.
    Raw,
}

/// With the variables of `scope` in PromQL. What nobody knows stays as it is.
#[must_use]
pub fn interpolate(text: &str, scope: &Scope) -> String {
    interpolate_with(text, scope, Format::Prometheus)
}

/// With the variables of `scope`, in `format` where the text asks for none.
#[must_use]
pub fn interpolate_with(text: &str, scope: &Scope, format: Format) -> String {
    let fill = |found: &Captures<'_>| {
        let reference = Reference::of(found);
        let filled = reference.filled(scope, format);
        filled.map_or_else(|| found[0].to_owned(), Cow::into_owned)
    };
    PATTERN.replace_all(text, fill).into_owned()
}

/// The names that a text refers to, also Grafana's own, in its order; perhaps one twice.
#[must_use]
pub fn references(text: &str) -> Vec<&str> {
    let names = PATTERN.captures_iter(text).filter_map(|found| {
        let name = [1, 2, 4].into_iter().find_map(|group| found.get(group));
        name.map(|name| name.as_str())
    });
    names.collect()
}

static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}").expect("a pattern")
});

struct Reference<'a> {
    name: &'a str,
    /// Of `${__field.labels.job}`.
    path: Option<&'a str>,
    format: Option<&'a str>,
}

impl<'a> Reference<'a> {
    fn of(found: &'a Captures<'_>) -> Self {
        let group = |index| found.get(index).map(|group| group.as_str());
        Self {
            name: group(1).or(group(2)).or(group(4)).unwrap_or_default(),
            path: group(5),
            format: group(3).or(group(6)),
        }
    }

    fn filled(&self, scope: &Scope, default: Format) -> Option<Cow<'a, str>> {
        let bound = match self.path {
            Some(path) => scope.get(&format!("{}.{path}", self.name))?,
            None => scope.get(self.name)?,
        };
        let text = match self.format {
            Some(format) => written(bound, format, self.name),
            None => by_default(bound, default),
        };
        Some(Cow::Owned(text))
    }
}

fn by_default(bound: &Bound, format: Format) -> String {
    match format {
        Format::Prometheus => prometheus(bound),
        Format::Text => bound.texts.join(" + "),
        Format::PercentEncode => percent_encoded(&joined(bound, ",")),
        Format::Raw => joined(bound, ","),
    }
}

fn prometheus(bound: &Bound) -> String {
    match (&bound.all, bound.values.as_slice()) {
        (Some(all), _) => all.clone(),
        (None, values) if bound.many => alternatives(values, escape::prometheus_regex),
        (None, values) => values.iter().map(|value| escape::prometheus_text(value)).collect(),
    }
}

/// `a` alone, `(a|b)` together.
fn alternatives(values: &[String], escape: impl Fn(&str) -> String) -> String {
    let escaped: Vec<_> = values.iter().map(|value| escape(value)).collect();
    match escaped.as_slice() {
        [one] => one.clone(),
        _ => format!("({})", escaped.join("|")),
    }
}

/// By Grafana's name of a format; one that nobody knows is `glob`, as there.
fn written(bound: &Bound, format: &str, name: &str) -> String {
    let (format, argument) = format.split_once(':').unwrap_or((format, ""));
    if let ("date", Some(value)) = (format, bound.values.first()) {
        return date(value, argument);
    }
    if format == "text" {
        return bound.texts.join(" + ");
    }
    if format == "queryparam" {
        return query_parameters(bound, name);
    }
    if let Some(all) = &bound.all {
        return all.clone();
    }
    let values = &bound.values;
    let each = |write: &dyn Fn(&str) -> String| values.iter().map(|value| write(value)).collect::<Vec<_>>();
    match format {
        "regex" => alternatives(values, escape::regex),
        "pipe" => values.join("|"),
        "csv" | "raw" | "sqlcsv" => values.join(","),
        "json" => json(values),
        "lucene" => lucene(values),
        "doublequote" => each(&|value| format!("\"{}\"", value.replace('"', "\\\""))).join(","),
        "singlequote" => each(&|value| format!("'{}'", value.replace('\'', "\\'"))).join(","),
        "sqlstring" => each(&|value| format!("'{}'", value.replace('\'', "''"))).join(","),
        "percentencode" | "uriencode" => percent_encoded(&braced(values)),
        "distributed" => distributed(values, name),
        "join" if argument.is_empty() => values.join(","),
        "join" => values.join(argument),
        _ => braced(values),
    }
}

/// `a` alone, `{a,b}` together.
fn braced(values: &[String]) -> String {
    match values {
        [one] => one.clone(),
        _ => format!("{{{}}}", values.join(",")),
    }
}

fn joined(bound: &Bound, with: &str) -> String {
    bound.all.clone().unwrap_or_else(|| bound.values.join(with))
}

/// A list, also of one, where there may be more.
fn json(values: &[String]) -> String {
    let text = match values {
        [one] => serde_json::to_string(one),
        _ => serde_json::to_string(values),
    };
    text.expect("texts are JSON")
}

fn lucene(values: &[String]) -> String {
    match values {
        [one] => escape::lucene(one),
        _ => {
            let quoted: Vec<_> = values
                .iter()
                .map(|value| format!("\"{}\"", escape::lucene(value)))
                .collect();
            format!("({})", quoted.join(" OR "))
        }
    }
}

fn distributed(values: &[String], name: &str) -> String {
    let named = |(index, value): (usize, &String)| match index {
        0 => value.clone(),
        _ => format!("{name}={value}"),
    };
    values.iter().enumerate().map(named).collect::<Vec<_>>().join(",")
}

fn query_parameters(bound: &Bound, name: &str) -> String {
    let all = [super::select::ALL.to_owned()];
    let values = if bound.all.is_some() { &all[..] } else { &bound.values };
    let pair = |value: &String| format!("var-{name}={}", percent_encoded(value));
    values.iter().map(pair).collect::<Vec<_>>().join("&")
}

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// `value` is in milliseconds since 1970.
fn date(value: &str, format: &str) -> String {
    let Ok(millis) = value.parse::<i64>() else {
        return value.to_owned();
    };
    match format {
        "seconds" => (millis / 1000).to_string(),
        "" | "iso" => iso(millis),
        // Moment.js' own language is not spoken here.
        _ => iso(millis),
    }
}

fn iso(millis: i64) -> String {
    let moment = jiff::Timestamp::from_millisecond(millis);
    moment.map_or_else(|_| millis.to_string(), |moment| format!("{moment:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        let many = |values: &[&str]| Bound {
            values: values.iter().map(|&value| value.to_owned()).collect(),
            texts: values.iter().map(|value| value.to_uppercase()).collect(),
            many: true,
            all: None,
        };
        let all = Bound {
            all: Some(".+".into()),
            ..many(&["a", "b"])
        };
        Scope::default()
            .with("one", Bound::one("10.0.0.1:9100"))
            .with("quote", Bound::one(r"a\b'c"))
            .with("single", many(&["a.b"]))
            .with("servers", many(&["test.1", "test'2"]))
            .with("all", all)
            .with("__field.labels.job", Bound::one("j"))
            .with("__from", Bound::one("1594671549254"))
    }

    #[test]
    fn queries_are_filled_in_as_grafana_does_for_prometheus() {
        let table = [
            (r#"up{i="$one"}"#, r#"up{i="10.0.0.1:9100"}"#),
            (r#"up{i=~"${servers}"}"#, r#"up{i=~"(test\\.1|test\\'2)"}"#),
            (r#"up{i=~"[[single]]"}"#, r#"up{i=~"a\\.b"}"#),
            (r#"up{i=~"$all"}"#, r#"up{i=~".+"}"#),
            ("$quote", r"a\\b\\'c"),
            ("$nobody ${nobody:csv} [[nobody]]", "$nobody ${nobody:csv} [[nobody]]"),
            ("x$one-y", "x10.0.0.1:9100-y"),
            ("$$", "$$"),
            ("${__field.labels.job}", "j"),
        ];
        for (text, filled) in table {
            assert_eq!(interpolate(text, &scope()), filled, "{text}");
        }
    }

    #[test]
    fn each_format_is_written_as_grafanas_documentation_says() {
        let table = [
            ("${servers:csv}", "test.1,test'2"),
            ("${servers:distributed}", "test.1,servers=test'2"),
            ("${servers:doublequote}", r#""test.1","test'2""#),
            ("${servers:glob}", "{test.1,test'2}"),
            ("${servers:json}", r#"["test.1","test'2"]"#),
            ("${servers:lucene}", r#"("test.1" OR "test'2")"#),
            ("${servers:percentencode}", "%7Btest.1%2Ctest%272%7D"),
            ("${servers:pipe}", "test.1|test'2"),
            ("[[servers:pipe]]", "test.1|test'2"),
            ("${servers:raw}", "test.1,test'2"),
            ("${servers:regex}", r"(test\.1|test'2)"),
            ("${servers:singlequote}", r"'test.1','test\'2'"),
            ("${servers:sqlstring}", "'test.1','test''2'"),
            ("${servers:text}", "TEST.1 + TEST'2"),
            ("${servers:queryparam}", "var-servers=test.1&var-servers=test%272"),
            ("${all:queryparam}", "var-all=%24__all"),
            ("${all:regex}", ".+"),
            ("${single:glob}", "a.b"),
            ("${__from}", "1594671549254"),
            ("${__from:date}", "2020-07-13T20:19:09.254Z"),
            ("${__from:date:iso}", "2020-07-13T20:19:09.254Z"),
            ("${__from:date:seconds}", "1594671549"),
        ];
        for (text, filled) in table {
            assert_eq!(interpolate(text, &scope()), filled, "{text}");
        }
    }

    #[test]
    fn titles_and_addresses_have_defaults_of_their_own() {
        let filled = |format| interpolate_with("$servers", &scope(), format);
        assert_eq!(filled(Format::Text), "TEST.1 + TEST'2");
        assert_eq!(filled(Format::PercentEncode), "test.1%2Ctest%272");
        assert_eq!(filled(Format::Raw), "test.1,test'2");
    }

    #[test]
    fn references_are_found_in_all_forms() {
        let text = r#"rate(a{x="$one",y=~"${two:regex}"}[$__rate_interval]) + [[three]] ${__field.name}"#;
        assert_eq!(references(text), ["one", "two", "__rate_interval", "three", "__field"]);
    }
}
