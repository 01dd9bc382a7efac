//! The exposition formats, a closed set.

/// An exposition format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus text 0.0.4, what everything understands.
    Text004,
    /// Prometheus text 1.0.0: 0.0.4 with UTF-8 names in quotes.
    Text100,
    /// OpenMetrics text 1.0.0: the one with exemplars and `info`.
    OpenMetrics100,
    /// `io.prometheus.client.MetricFamily` messages, each behind its length.
    Protobuf,
}

/// What becomes of a name that is not `[a-zA-Z_:][a-zA-Z0-9_:]*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Escaping {
    /// Every other character becomes `_`.
    #[default]
    Underscores,
    /// The name stays as it is; the text formats put it in quotes. Text 0.0.4 has no such quotes and ignores this.
    AllowUtf8,
}

impl Format {
    /// Every format, for tables and tests.
    pub const ALL: [Format; 4] = [
        Format::Text004,
        Format::Text100,
        Format::OpenMetrics100,
        Format::Protobuf,
    ];

    /// The `Content-Type` of an answer.
    pub const fn content_type(self, escaping: Escaping) -> &'static str {
        match (self, escaping) {
            (Format::Text004, _) => "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
            (Format::Text100, Escaping::Underscores) => {
                "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"
            }
            (Format::Text100, Escaping::AllowUtf8) => "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
            (Format::OpenMetrics100, Escaping::Underscores) => {
                "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
            }
            (Format::OpenMetrics100, Escaping::AllowUtf8) => {
                "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
            }
            (Format::Protobuf, Escaping::Underscores) => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores"
            }
            (Format::Protobuf, Escaping::AllowUtf8) => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=allow-utf-8"
            }
        }
    }
}
