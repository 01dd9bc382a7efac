//! Grafana's ids of units.

/// Those of its list that observability has a use for. A unit that is missing here and right may be added.
const KNOWN: &[&str] = &[
    // Misc
    "none",
    "string",
    "short",
    "sishort",
    "percent",
    "percentunit",
    "humidity",
    "dB",
    "hex",
    "sci",
    "locale",
    "bool",
    "bool_yes_no",
    "bool_on_off",
    // Currency
    "currencyUSD",
    "currencyEUR",
    "currencyGBP",
    // Data
    "bytes",
    "decbytes",
    "bits",
    "decbits",
    "kbytes",
    "deckbytes",
    "mbytes",
    "decmbytes",
    "gbytes",
    "decgbytes",
    // Rates of data
    "Bps",
    "binBps",
    "bps",
    "binbps",
    "KBs",
    "KiBs",
    "MBs",
    "MiBs",
    "pps",
    // Date and time
    "dateTimeAsIso",
    "dateTimeFromNow",
    "dateTimeAsLocal",
    "dateTimeAsSystem",
    // Time
    "hertz",
    "ns",
    "µs",
    "ms",
    "s",
    "m",
    "h",
    "d",
    "dtdurations",
    "dtdurationms",
    "dthms",
    "dtdhms",
    "clocks",
    "clockms",
    // Throughput
    "cps",
    "ops",
    "reqps",
    "rps",
    "wps",
    "iops",
    "eps",
    "mps",
    "recps",
    "rowsps",
    "cpm",
    "opm",
    "rpm",
    "wpm",
    "epm",
    // Of machines
    "celsius",
    "watt",
    "joule",
    "volt",
    "amp",
    "rotrpm",
];

/// Whether Grafana has it.
pub(in crate::lint) fn is_known(unit: &str) -> bool {
    KNOWN.contains(&unit)
}
