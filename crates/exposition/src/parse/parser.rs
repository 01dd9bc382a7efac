//! Lines into families.

use std::borrow::Cow;

use super::builder::{Builder, Number};
use super::cursor::{Cursor, is_blank};
use super::error::{ParseError, quoted, quoted_byte};
use super::family::{Family, Label};
use super::number::parse_f64;
use crate::desc::Kind;

/// Reads all families, in the order in which their names first appear. Families without metrics are left out; the
/// same series twice stays twice.
///
/// # Errors
/// The first thing that is no exposition. The last line, too, needs its line feed.
pub fn parse(text: &[u8]) -> Result<Vec<Family<'_>>, ParseError> {
    let mut parser = Parser::new(text);
    while parser.cursor.begin_line() {
        match parser.cursor.byte()? {
            b'#' => parser.comment()?,
            b'\n' => parser.cursor.advance(),
            _ => parser.sample()?,
        }
    }
    Ok(parser.builder.finish())
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    builder: Builder<'a>,
    /// The labels of the line that is being read.
    labels: Vec<Label<'a>>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self {
            cursor: Cursor::new(text),
            builder: Builder::default(),
            labels: Vec::new(),
        }
    }

    fn comment(&mut self) -> Result<(), ParseError> {
        self.cursor.advance();
        self.cursor.skip_blanks()?;
        let keyword = self.cursor.word()?;
        if !matches!(keyword, b"HELP" | b"TYPE") {
            return self.cursor.rest_of_line().map(drop);
        }
        self.cursor.skip_blanks()?;
        if self.cursor.take(b'\n') {
            return Ok(());
        }
        let name = self.cursor.metric_name()?;
        if self.cursor.take(b'\n') {
            return Ok(());
        }
        if !is_blank(self.cursor.byte()?) {
            return Err(self.cursor.error("invalid metric name in comment"));
        }
        self.cursor.skip_blanks()?;
        match keyword {
            _ if self.cursor.take(b'\n') => Ok(()),
            b"HELP" => self.help(name),
            _ => self.kind(name),
        }
    }

    fn help(&mut self, name: &'a str) -> Result<(), ParseError> {
        let (draft, ..) = self.builder.place(name);
        if draft.family.help.is_some() {
            let name = quoted(draft.family.name.as_bytes());
            return Err(self.cursor.error(format!("second HELP line for metric name {name}")));
        }
        draft.family.help = Some(lossy(self.cursor.unescaped(b'\n', "help")?));
        self.cursor.advance();
        Ok(())
    }

    fn kind(&mut self, name: &'a str) -> Result<(), ParseError> {
        let (draft, ..) = self.builder.place(name);
        if draft.typed {
            let name = quoted(draft.family.name.as_bytes());
            let message = format!("second TYPE line for metric name {name}, or TYPE reported after samples");
            return Err(self.cursor.error(message));
        }
        let word = self.cursor.until(|byte| byte == b'\n')?;
        let unknown = || self.cursor.error(format!("unknown metric type {}", quoted(word)));
        draft.family.kind = kind(word).ok_or_else(unknown)?;
        draft.typed = true;
        self.cursor.advance();
        Ok(())
    }

    fn sample(&mut self) -> Result<(), ParseError> {
        let name = self.cursor.metric_name()?;
        let name = self.name_and_labels(name)?;
        if name.is_empty() {
            return Err(self.cursor.error("invalid metric name"));
        }
        let (draft, place, part) = self.builder.place(name);
        draft.typed = true;
        let (family, kind) = (draft.family.name, draft.family.kind);
        let bound = self.take_bound(kind)?;
        self.refuse_duplicate_labels(family)?;
        let number = Number {
            part,
            bound,
            value: self.value()?,
            timestamp_millis: self.timestamp()?,
        };
        let negative = |what| {
            let family = quoted(family.as_bytes());
            self.cursor.error(format!("negative {what} for histogram {family}"))
        };
        self.builder.add(place, &mut self.labels, number).map_err(negative)?;
        self.cursor.advance();
        Ok(())
    }

    /// Reads the braces, if there are any, into `labels`; returns the name, which may stand in the braces.
    fn name_and_labels(&mut self, mut name: &'a str) -> Result<&'a str, ParseError> {
        self.labels.clear();
        let name_inside = name.is_empty();
        self.cursor.skip_blanks()?;
        if !self.cursor.take(b'{') {
            return Ok(name);
        }
        while self.cursor.skip_blanks()? != b'}' {
            let word = self.cursor.label_name()?;
            if word.is_empty() {
                let name = quoted(self.builder.family_name(name).as_bytes());
                return Err(self.cursor.error(format!("invalid label name for metric {name}")));
            }
            match self.cursor.skip_blanks()? {
                b'=' => self.label(word)?,
                b',' | b'}' if name_inside => name = self.cursor.checked_metric_name(word)?,
                byte => return Err(self.no_equals_sign(name_inside, byte)),
            }
            if !self.cursor.take(b',') {
                break;
            }
        }
        self.cursor.advance();
        self.cursor.skip_blanks()?;
        Ok(name)
    }

    fn no_equals_sign(&self, name_inside: bool, found: u8) -> ParseError {
        let found = quoted_byte(found);
        self.cursor.error(match name_inside {
            true => format!("unexpected end of metric value {found}"),
            false => format!("expected '=' after label name, found {found}"),
        })
    }

    /// Reads the equals sign and the value, up to the comma or brace behind it.
    fn label(&mut self, name: Cow<'a, [u8]>) -> Result<(), ParseError> {
        let name = self.cursor.checked_label_name(name)?;
        if name == "__name__" {
            return Err(self.cursor.error("label name \"__name__\" is reserved"));
        }
        self.cursor.advance();
        let byte = self.cursor.skip_blanks()?;
        if byte != b'"' {
            let byte = quoted_byte(byte);
            return Err(self
                .cursor
                .error(format!("expected '\"' at start of label value, found {byte}")));
        }
        let value = self.cursor.quoted("label value")?;
        let value =
            utf8(value).map_err(|value| self.cursor.error(format!("invalid label value {}", quoted(&value))))?;
        if !matches!(self.cursor.skip_blanks()?, b',' | b'}') {
            let value = quoted(value.as_bytes());
            return Err(self.cursor.error(format!("unexpected end of label value {value}")));
        }
        self.labels.push(Label { name, value });
        Ok(())
    }

    /// Takes `le` or `quantile` out of the labels of a histogram or summary; the last one counts.
    fn take_bound(&mut self, kind: Kind) -> Result<Option<f64>, ParseError> {
        let name = match kind {
            Kind::Histogram => "le",
            Kind::Summary => "quantile",
            _ => return Ok(None),
        };
        let mut bound = None;
        while let Some(index) = self.labels.iter().position(|label| label.name == name) {
            let value = self.labels.remove(index).value;
            let wrong = || {
                let value = quoted(value.as_bytes());
                self.cursor
                    .error(format!("expected float as value for '{name}' label, got {value}"))
            };
            bound = Some(parse_f64(value.as_bytes()).ok_or_else(wrong)?);
        }
        Ok(bound)
    }

    fn refuse_duplicate_labels(&self, family: &str) -> Result<(), ParseError> {
        let again = |(index, label): (usize, &Label<'_>)| {
            self.labels.iter().skip(index + 1).any(|other| other.name == label.name)
        };
        if self.labels.iter().enumerate().any(again) {
            let family = quoted(family.as_bytes());
            return Err(self.cursor.error(format!("duplicate label names for metric {family}")));
        }
        Ok(())
    }

    fn value(&mut self) -> Result<f64, ParseError> {
        let word = self.cursor.word()?;
        parse_f64(word).ok_or_else(|| {
            self.cursor
                .error(format!("expected float as value, got {}", quoted(word)))
        })
    }

    /// What stands between the value and the line's end; blanks alone are an error there.
    fn timestamp(&mut self) -> Result<Option<i64>, ParseError> {
        if self.cursor.byte()? == b'\n' {
            return Ok(None);
        }
        self.cursor.skip_blanks()?;
        let word = self.cursor.word()?;
        let wrong = || {
            self.cursor
                .error(format!("expected integer as timestamp, got {}", quoted(word)))
        };
        let number = std::str::from_utf8(word)
            .ok()
            .and_then(|word| word.parse().ok())
            .ok_or_else(wrong)?;
        let rest = self.cursor.until(|byte| byte == b'\n')?;
        if !rest.is_empty() {
            let rest = quoted(rest);
            return Err(self.cursor.error(format!("spurious string after timestamp: {rest}")));
        }
        Ok(Some(number))
    }
}

fn kind(word: &[u8]) -> Option<Kind> {
    const KINDS: [(&[u8], Kind); 5] = [
        (b"counter", Kind::Counter),
        (b"gauge", Kind::Gauge),
        (b"untyped", Kind::Untyped),
        (b"histogram", Kind::Histogram),
        (b"summary", Kind::Summary),
    ];
    let mut kinds = KINDS.iter();
    kinds
        .find(|(name, _)| name.eq_ignore_ascii_case(word))
        .map(|(_, kind)| *kind)
}

fn utf8(text: Cow<'_, [u8]>) -> Result<Cow<'_, str>, Cow<'_, [u8]>> {
    match text {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes)
            .map(Cow::Borrowed)
            .map_err(|_| Cow::Borrowed(bytes)),
        Cow::Owned(bytes) => String::from_utf8(bytes)
            .map(Cow::Owned)
            .map_err(|error| Cow::Owned(error.into_bytes())),
    }
}

fn lossy(text: Cow<'_, [u8]>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parse::{Metric, Value};
    use crate::value::{Bucket, Histogram, Quantile, Summary};
    use crate::{Desc, Encoder, Format, assemble};

    const ALL_KINDS: &str = "\
# A comment.
# HELP requests A \\\\ and a \\n and \\\".
# TYPE requests counter
requests{code=\"200\",path=\"a\\\"b\\\\c\\nd\"} 5 1395066363000
  requests { code = \"404\" , } 1.5e3
#TYPE temperature Gauge
temperature -Inf
no_type{} NaN

# TYPE latency histogram
latency_bucket{a=\"1\",le=\"0.1\"} 1
latency_bucket{a=\"2\",le=\"0.1\"} 4
latency_bucket{le=\"+Inf\",a=\"1\"} 2
latency_sum{a=\"1\"} 0.5
latency_count{a=\"1\"} 2
# TYPE size summary
size{quantile=\"0.5\"} 7
size_sum 14
size_count 2
# TYPE nothing gauge
";

    fn error(text: &[u8]) -> String {
        parse(text).unwrap_err().to_string()
    }

    fn values<'f>(families: &'f [Family<'_>], name: &str) -> Vec<Value<'f>> {
        let family = families.iter().find(|family| family.name == name).unwrap();
        family.metrics().map(|metric| metric.value).collect()
    }

    #[test]
    fn families_come_in_order_with_help_and_kind() {
        let families = parse(ALL_KINDS.as_bytes()).unwrap();
        let heads: Vec<_> = families
            .iter()
            .map(|family| (family.name, family.help.as_deref(), family.kind))
            .collect();
        let expected = [
            ("requests", Some("A \\ and a \n and \"."), Kind::Counter),
            ("temperature", None, Kind::Gauge),
            ("no_type", None, Kind::Untyped),
            ("latency", None, Kind::Histogram),
            ("size", None, Kind::Summary),
        ];
        assert_eq!(heads, expected);
    }

    #[test]
    fn metrics_have_labels_values_and_timestamps() {
        let families = parse(ALL_KINDS.as_bytes()).unwrap();
        let metrics: Vec<Metric<'_>> = families[0].metrics().collect();
        assert_eq!(metrics[0].timestamp_millis, Some(1_395_066_363_000));
        assert_eq!(metrics[0].label("path"), Some("a\"b\\c\nd"));
        assert!(matches!(&metrics[0].labels[0].value, Cow::Borrowed("200")));
        assert_eq!(
            (metrics[1].label("code"), metrics[1].label("path")),
            (Some("404"), None)
        );
        assert_eq!(
            (metrics[1].value, metrics[1].timestamp_millis),
            (Value::Number(1500.0), None)
        );
    }

    #[test]
    fn histograms_and_summaries_are_put_together_from_lines_in_any_order() {
        let families = parse(ALL_KINDS.as_bytes()).unwrap();
        let bucket = |upper_bound, cumulative_count| Bucket {
            upper_bound,
            cumulative_count,
            exemplar: None,
        };
        let histogram = |buckets, sum, count| Value::Histogram(Histogram { buckets, sum, count });
        let buckets = [bucket(0.1, 1), bucket(f64::INFINITY, 2)];
        let others = [bucket(0.1, 4)];
        let expected = [histogram(&buckets, 0.5, 2), histogram(&others, 0.0, 0)];
        assert_eq!(values(&families, "latency"), expected);
        let quantiles = &[Quantile {
            quantile: 0.5,
            value: 7.0,
        }];
        let expected = [Value::Summary(Summary {
            quantiles,
            sum: 14.0,
            count: 2,
        })];
        assert_eq!(values(&families, "size"), expected);
    }

    #[test]
    fn what_upstream_takes_is_taken() {
        for text in [
            "",
            "\n  ",
            "#\n",
            "# HELP x\nx 1\n",
            "# HELP x \nx 1\n",
            "{\"x\",a=\"1\"} 1\n",
            "{a=\"1\",\"x\"} 1\n",
            "\"x\" 1\n",
            "x{\"a\"=\"1\"} 1\n",
            "x{a=\"1\"}1\n",
            "x\t1\n",
            "# TYPE x counter\nx_sum 1\nx 1\n",
            "# HELP x \u{e9}\nx 1\n",
            "# TYPE h histogram\nh 3\n",
            "# TYPE h histogram\nh_bucket{le=\"1\",le=\"2\"} 3\n",
        ] {
            parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        }
        assert_eq!(
            parse(b"# HELP x \xff\nx 1\n").unwrap()[0].help.as_deref(),
            Some("\u{fffd}")
        );
    }

    #[test]
    fn a_family_that_exists_is_not_a_part_of_another() {
        let families = parse(b"h_count 1\n# TYPE h histogram\nh_count 2\nh_sum 3\n").unwrap();
        assert_eq!(values(&families, "h_count"), [Value::Number(1.0), Value::Number(2.0)]);
        assert_eq!(families.len(), 2);
    }

    #[test]
    fn errors_are_those_of_upstream() {
        for (text, expected) in [
            (b"x abc\n".as_slice(), r#"1: expected float as value, got "abc""#),
            (b"x abc", "1: unexpected end of input stream"),
            (b"# foo", "1: unexpected end of input stream"),
            (b"x\n", r#"1: expected float as value, got """#),
            (b"x=1\n", r#"1: expected float as value, got "=1""#),
            (b"x 1\r\n", r#"1: expected float as value, got "1\r""#),
            (
                b"# HELP x a\n# HELP x b\nx 1\n",
                r#"2: second HELP line for metric name "x""#,
            ),
            (
                b"x 1\n# TYPE x gauge\n",
                r#"2: second TYPE line for metric name "x", or TYPE reported after samples"#,
            ),
            (b"x{a=\"\\q\"} 1\n", r"1: invalid escape sequence '\q'"),
            (b"# HELP x a\\q\nx 1\n", r"1: invalid escape sequence '\q'"),
            (b"x{a=\"1\",a=\"2\"} 1\n", r#"1: duplicate label names for metric "x""#),
            (b"x{__name__=\"1\"} 1\n", r#"1: label name "__name__" is reserved"#),
            (b"x{a=\"1\" b=\"2\"} 1\n", r#"1: unexpected end of label value "1""#),
            (b"x{,} 1\n", r#"1: invalid label name for metric "x""#),
            (
                b"# TYPE x histogram\nx_bucket{,} 1\n",
                r#"2: invalid label name for metric "x""#,
            ),
            (b"x{a} 1\n", "1: expected '=' after label name, found '}'"),
            (b"x{a:b=\"1\"} 1\n", "1: expected '=' after label name, found ':'"),
            (b"{x y} 1\n", "1: unexpected end of metric value 'y'"),
            (b"x{a=1} 1\n", "1: expected '\"' at start of label value, found '1'"),
            (b"x{a=\"\xff\"} 1\n", r#"1: invalid label value "\xff""#),
            (
                b"x{a=\"a\nb\"} 1\n",
                r#"1: label value "a" contains unescaped new-line"#,
            ),
            (b"x 1 \n", r#"1: expected integer as timestamp, got """#),
            (b"x 1 1.5\n", r#"1: expected integer as timestamp, got "1.5""#),
            (b"x 1 12 3\n", r#"1: spurious string after timestamp: " 3""#),
            (b"# TYPE x counter \nx 1\n", r#"1: unknown metric type "counter ""#),
            (b"{\"x.y\"} 1\n", r#"1: invalid metric name "x.y""#),
            (b"x{\"a.b\"=\"1\"} 1\n", r#"1: invalid label name "a.b""#),
            (b"{a=\"1\"} 1\n", "1: invalid metric name"),
            (b"\n1x 1\n", "2: invalid metric name"),
            (b"\xff 1\n", "1: invalid metric name"),
            (b"# HELP 1x foo\nx 1\n", "1: invalid metric name in comment"),
            (
                b"# TYPE h histogram\nh_bucket{le=\"x\"} 1\n",
                r#"2: expected float as value for 'le' label, got "x""#,
            ),
            (
                b"# TYPE h summary\nh{quantile=\"x\"} 1\n",
                r#"2: expected float as value for 'quantile' label, got "x""#,
            ),
            (
                b"# TYPE h histogram\nh_count -3\n",
                r#"2: negative count for histogram "h""#,
            ),
        ] {
            assert_eq!(error(text), format!("text format parsing error in line {expected}"));
        }
    }

    #[test]
    fn no_cut_and_no_wrong_byte_makes_it_panic() {
        let text = ALL_KINDS.as_bytes();
        for index in 0..text.len() {
            let _cut = parse(&text[..index]);
            for byte in *b"\0\n \"\\{}=,#_a1\xff" {
                let mut text = text.to_vec();
                text[index] = byte;
                let _corrupt = parse(&text);
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _any = parse(&bytes);
        }

        #[test]
        fn what_the_encoder_writes_is_read_back(help: String, value: String, number: f64) {
            let desc = Desc::gauge("x_y", &help, &["label"]);
            let mut encoder = Encoder::new(Format::Text004);
            encoder.family(&desc).sample(&[value.as_str()], number);
            let mut text = Vec::new();
            assemble([&encoder], &mut text);
            let families = parse(&text).unwrap();
            let metric = families[0].metrics().next().unwrap();
            prop_assert_eq!(metric.label("label"), Some(value.as_str()));
            prop_assert_eq!(families[0].kind, Kind::Gauge);
            prop_assert!(help.starts_with([' ', '\t']) || families[0].help.as_deref().unwrap_or("") == help);
            match metric.value {
                Value::Number(read) => prop_assert!(read == number || (read.is_nan() && number.is_nan())),
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
