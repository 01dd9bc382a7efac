//! Which format and compression a scraper gets, by its `Accept` and `Accept-Encoding` headers and their q values.

use crate::format::{Escaping, Format};

/// The formats that an exporter answers in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Answered whenever the scraper accepts one, in the scraper's order. The first is the one for a scraper that
    /// accepts nothing else or says nothing.
    pub first: &'static [Format],
    /// Answered only when the scraper accepts none of `first`.
    pub otherwise: &'static [Format],
}

impl Offer {
    /// Every format alike: Prometheus then scrapes OpenMetrics, and gets exemplars.
    pub const ALL: Offer = Offer {
        first: &Format::ALL,
        otherwise: &[],
    };

    /// What Go exporters answer unless OpenMetrics was switched on, so that Prometheus' metadata keep their names
    /// (OpenMetrics calls the family of `x_total` `x`); OpenMetrics for those who accept nothing else.
    pub const TEXT_FIRST: Offer = Offer {
        first: &[Format::Text004, Format::Text100, Format::Protobuf],
        otherwise: &[Format::OpenMetrics100],
    };
}

/// One media range of an `Accept` header.
struct Range<'a> {
    media: &'a str,
    version: &'a str,
    encoding: &'a str,
    proto: &'a str,
    escaping: Escaping,
    quality: f32,
}

/// The format for a scraper that sent this `Accept` header, empty for none.
pub fn negotiate(accept: &str, offer: &Offer) -> (Format, Escaping) {
    let mut ranges: Vec<Range<'_>> = accept.split(',').map(Range::parse).collect();
    let refused: Vec<Format> = ranges
        .iter()
        .filter(|range| range.quality <= 0.0)
        .flat_map(|range| range.exact())
        .collect();
    ranges.retain(|range| range.quality > 0.0);
    ranges.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    let pick = |offered: &[Format]| {
        ranges.iter().find_map(|range| {
            let format = offered
                .iter()
                .find(|format| range.matches(**format) && !refused.contains(format));
            format.map(|format| (*format, range.escaping))
        })
    };
    let fallback = offer.first.first().copied().unwrap_or(Format::Text004);
    pick(offer.first)
        .or_else(|| pick(offer.otherwise))
        .unwrap_or((fallback, Escaping::default()))
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let mut range = Range {
            media: parts.next().unwrap_or_default(),
            version: "",
            encoding: "",
            proto: "",
            escaping: Escaping::default(),
            quality: 1.0,
        };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "version" => range.version = value,
                "encoding" => range.encoding = value,
                "proto" => range.proto = value,
                "escaping" if value == "allow-utf-8" => range.escaping = Escaping::AllowUtf8,
                "q" => range.quality = value.parse().ok().filter(|q: &f32| q.is_finite()).unwrap_or(0.0),
                _ => {}
            }
        }
        range
    }

    /// The format that this range names without wildcards.
    fn exact(&self) -> Option<Format> {
        Format::ALL
            .into_iter()
            .find(|format| !self.media.contains('*') && self.matches(*format))
    }

    fn matches(&self, format: Format) -> bool {
        let media = self.media.to_ascii_lowercase();
        match format {
            _ if media == "*/*" => format == Format::Text004,
            Format::Text004 => media == "text/*" || (media == "text/plain" && matches!(self.version, "" | "0.0.4")),
            Format::Text100 => media == "text/plain" && self.version == "1.0.0",
            Format::OpenMetrics100 => {
                media == "application/openmetrics-text" && matches!(self.version, "" | "1" | "1.0" | "1.0.0")
            }
            Format::Protobuf => {
                media == "application/vnd.google.protobuf"
                    && self.proto == "io.prometheus.client.MetricFamily"
                    && self.encoding == "delimited"
            }
        }
    }
}

/// Whether a scraper that sent this `Accept-Encoding` header wants gzip rather than the bytes as they are.
pub fn accepts_gzip(accept_encoding: &str) -> bool {
    let (mut gzip, mut identity, mut any) = (None, None, None);
    for entry in accept_encoding.split(',') {
        let mut parts = entry.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let quality: f32 = quality.map_or(1.0, |text| text.trim().parse().unwrap_or(0.0));
        match coding.as_str() {
            "gzip" | "x-gzip" => gzip = Some(quality),
            "identity" => identity = Some(quality),
            "*" => any = Some(quality),
            _ => {}
        }
    }
    let gzip = gzip.or(any).unwrap_or(0.0);
    gzip > 0.0 && gzip >= identity.unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMETHEUS_3: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
        application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
        text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    const PROMETHEUS_2: &str = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;\
        version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    const PROTOBUF: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

    #[test]
    fn a_scraper_gets_the_format_it_likes_best() {
        use Escaping::{AllowUtf8, Underscores};
        use Format::{OpenMetrics100, Protobuf, Text004, Text100};
        for (accept, all, text_first) in [
            ("", (Text004, Underscores), (Text004, Underscores)),
            ("*/*", (Text004, Underscores), (Text004, Underscores)),
            ("image/png", (Text004, Underscores), (Text004, Underscores)),
            ("text/html,text/*;q=0.1", (Text004, Underscores), (Text004, Underscores)),
            (PROMETHEUS_3, (OpenMetrics100, AllowUtf8), (Text100, AllowUtf8)),
            (PROMETHEUS_2, (OpenMetrics100, Underscores), (Text004, Underscores)),
            (PROTOBUF, (Protobuf, Underscores), (Protobuf, Underscores)),
            (
                "application/openmetrics-text",
                (OpenMetrics100, Underscores),
                (OpenMetrics100, Underscores),
            ),
            (
                "application/openmetrics-text;version=0.0.1",
                (Text004, Underscores),
                (Text004, Underscores),
            ),
            (
                "text/plain;version=0.0.4;q=0.5,text/plain;version=1.0.0",
                (Text100, Underscores),
                (Text100, Underscores),
            ),
            (
                "text/plain;version=1.0.0;q=0,text/plain;q=0.1",
                (Text004, Underscores),
                (Text004, Underscores),
            ),
            (
                "*/*,text/plain;q=0,application/openmetrics-text;q=0.1",
                (OpenMetrics100, Underscores),
                (OpenMetrics100, Underscores),
            ),
            ("text/plain;q=oops", (Text004, Underscores), (Text004, Underscores)),
        ] {
            assert_eq!(negotiate(accept, &Offer::ALL), all, "{accept}");
            assert_eq!(negotiate(accept, &Offer::TEXT_FIRST), text_first, "{accept}");
        }
    }

    #[test]
    fn gzip_is_used_when_it_is_wanted_no_less_than_nothing() {
        for (header, gzip) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("", false),
            ("identity", false),
            ("gzip;q=0", false),
            ("*", true),
            ("gzip;q=0, *", false),
            ("gzip;q=0.5, identity;q=0.8", false),
            ("gzip;q=0.8, identity;q=0.5", true),
            ("br, zstd", false),
            ("gzip;q=x", false),
        ] {
            assert_eq!(accepts_gzip(header), gzip, "{header}");
        }
    }
}
