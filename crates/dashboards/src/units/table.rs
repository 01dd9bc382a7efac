//! Grafana's ids of units, and what each means.

use super::number::Scale;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unit<'a> {
    /// `3 rpm`
    After(&'a str),
    /// `$3`
    Before(&'a str),
    Scaled(Scale<'a>),
    /// 0 to 100.
    Percent,
    /// 0 to 1.
    Fraction,
    /// In units of so many seconds; the largest that fits.
    Time(f64),
    /// In units of so many seconds; in words.
    Parts(f64),
    /// Seconds as `hh:mm:ss`.
    Clock {
        days: bool,
    },
    /// Milliseconds since 1970.
    Date(&'a str),
    /// Milliseconds since 1970.
    FromNow,
    Truth(&'a str, &'a str),
    Hex(&'a str),
    Scientific,
    Thousands,
    Text,
}

const SI: [&str; 14] = ["f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y"];
/// Where in `SI` plain values are.
const PLAIN: i32 = 5;
const BINARY: [&str; 9] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
const SHORT: [&str; 9] = ["", " K", " Mil", " Bil", " Tri", " Quadr", " Quint", " Sext", " Sept"];
const COUNT: [&str; 5] = ["", "K", "M", "B", "T"];

const fn si(unit: &str, offset: i32) -> Unit<'_> {
    Unit::Scaled(Scale {
        factor: 1000.0,
        prefixes: &SI,
        offset: PLAIN + offset,
        space: " ",
        unit,
    })
}

const fn binary(unit: &str, offset: i32) -> Unit<'_> {
    Unit::Scaled(Scale {
        factor: 1024.0,
        prefixes: &BINARY,
        offset,
        space: " ",
        unit,
    })
}

/// `unit` begins with a space.
const fn count(unit: &str) -> Unit<'_> {
    Unit::Scaled(Scale {
        factor: 1000.0,
        prefixes: &COUNT,
        offset: 0,
        space: "",
        unit,
    })
}

const SHORTENED: Unit<'_> = Unit::Scaled(Scale {
    factor: 1000.0,
    prefixes: &SHORT,
    offset: 0,
    space: "",
    unit: "",
});

const TABLE: &[(&str, Unit<'static>)] = &[
    ("none", Unit::After("")),
    ("string", Unit::Text),
    ("short", SHORTENED),
    ("sishort", si("", 0)),
    ("percent", Unit::Percent),
    ("percentunit", Unit::Fraction),
    ("humidity", Unit::After("%H")),
    ("dB", Unit::After("dB")),
    ("candela", si("cd", 0)),
    ("hex0x", Unit::Hex("0x")),
    ("hex", Unit::Hex("")),
    ("sci", Unit::Scientific),
    ("locale", Unit::Thousands),
    ("pixel", Unit::After("px")),
    ("degree", Unit::After("°")),
    ("radian", Unit::After("rad")),
    ("bits", binary("b", 0)),
    ("bytes", binary("B", 0)),
    ("kbytes", binary("B", 1)),
    ("mbytes", binary("B", 2)),
    ("gbytes", binary("B", 3)),
    ("tbytes", binary("B", 4)),
    ("pbytes", binary("B", 5)),
    ("decbits", si("b", 0)),
    ("decbytes", si("B", 0)),
    ("deckbytes", si("B", 1)),
    ("decmbytes", si("B", 2)),
    ("decgbytes", si("B", 3)),
    ("dectbytes", si("B", 4)),
    ("decpbytes", si("B", 5)),
    ("pps", si("p/s", 0)),
    ("binBps", binary("B/s", 0)),
    ("Bps", si("B/s", 0)),
    ("binbps", binary("b/s", 0)),
    ("bps", si("b/s", 0)),
    ("KiBs", binary("B/s", 1)),
    ("Kibits", binary("b/s", 1)),
    ("KBs", si("B/s", 1)),
    ("Kbits", si("b/s", 1)),
    ("MiBs", binary("B/s", 2)),
    ("Mibits", binary("b/s", 2)),
    ("MBs", si("B/s", 2)),
    ("Mbits", si("b/s", 2)),
    ("GiBs", binary("B/s", 3)),
    ("Gibits", binary("b/s", 3)),
    ("GBs", si("B/s", 3)),
    ("Gbits", si("b/s", 3)),
    ("TBs", si("B/s", 4)),
    ("Tbits", si("b/s", 4)),
    ("PBs", si("B/s", 5)),
    ("Pbits", si("b/s", 5)),
    ("dateTimeAsIso", Unit::Date("%Y-%m-%d %H:%M:%S")),
    ("dateTimeAsIsoNoDateIfToday", Unit::Date("%Y-%m-%d %H:%M:%S")),
    ("dateTimeAsUS", Unit::Date("%m/%d/%Y %-I:%M:%S %P")),
    ("dateTimeAsUSNoDateIfToday", Unit::Date("%m/%d/%Y %-I:%M:%S %P")),
    ("dateTimeAsLocal", Unit::Date("%Y-%m-%d %H:%M:%S")),
    ("dateTimeAsSystem", Unit::Date("%Y-%m-%d %H:%M:%S")),
    ("dateTimeFromNow", Unit::FromNow),
    ("watt", si("W", 0)),
    ("kwatt", si("W", 1)),
    ("megwatt", si("W", 2)),
    ("mwatt", si("W", -1)),
    ("voltamp", si("VA", 0)),
    ("watth", si("Wh", 0)),
    ("kwatth", si("Wh", 1)),
    ("amph", si("Ah", 0)),
    ("joule", si("J", 0)),
    ("amp", si("A", 0)),
    ("kamp", si("A", 1)),
    ("mamp", si("A", -1)),
    ("volt", si("V", 0)),
    ("kvolt", si("V", 1)),
    ("mvolt", si("V", -1)),
    ("dBm", si("dBm", 0)),
    ("ohm", si("Ω", 0)),
    ("rotrpm", Unit::After("rpm")),
    ("rothz", si("Hz", 0)),
    ("celsius", Unit::After("°C")),
    ("fahrenheit", Unit::After("°F")),
    ("farenheit", Unit::After("°F")),
    ("kelvin", Unit::After("K")),
    ("hertz", si("Hz", 0)),
    ("ns", Unit::Time(1e-9)),
    ("µs", Unit::Time(1e-6)),
    ("ms", Unit::Time(1e-3)),
    ("s", Unit::Time(1.0)),
    ("m", Unit::Time(60.0)),
    ("h", Unit::Time(3600.0)),
    ("d", Unit::Time(86_400.0)),
    ("timeticks", Unit::Time(0.01)),
    ("dtdurationms", Unit::Parts(0.001)),
    ("dtdurations", Unit::Parts(1.0)),
    ("dthms", Unit::Clock { days: false }),
    ("dtdhms", Unit::Clock { days: true }),
    ("clocks", Unit::Clock { days: false }),
    ("cps", count(" c/s")),
    ("ops", count(" ops/s")),
    ("reqps", count(" req/s")),
    ("rps", count(" rd/s")),
    ("wps", count(" wr/s")),
    ("iops", count(" io/s")),
    ("eps", count(" evt/s")),
    ("mps", count(" msg/s")),
    ("recps", count(" rec/s")),
    ("rowsps", count(" rows/s")),
    ("cpm", count(" c/m")),
    ("opm", count(" ops/m")),
    ("reqpm", count(" req/m")),
    ("rpm", count(" rd/m")),
    ("wpm", count(" wr/m")),
    ("mpm", count(" msg/m")),
    ("epm", count(" evt/m")),
    ("currencyUSD", Unit::Before("$")),
    ("currencyEUR", Unit::Before("€")),
    ("currencyGBP", Unit::Before("£")),
    ("currencyJPY", Unit::Before("¥")),
    ("velocityms", Unit::After("m/s")),
    ("velocitykmh", Unit::After("km/h")),
    ("lengthm", si("m", 0)),
    ("lengthmm", si("m", -1)),
    ("lengthkm", si("m", 1)),
    ("massg", si("g", 0)),
    ("masskg", si("g", 1)),
    ("litre", si("L", 0)),
    ("m3", Unit::After("m³")),
    ("pressurebar", si("bar", 0)),
    ("pressurehpa", Unit::After("hPa")),
    ("lux", Unit::After("lux")),
    ("lumens", si("Lm", 0)),
    ("ppm", Unit::After("ppm")),
    ("bool", Unit::Truth("True", "False")),
    ("bool_yes_no", Unit::Truth("Yes", "No")),
    ("bool_on_off", Unit::Truth("On", "Off")),
];

pub(super) fn find(id: &str) -> Unit<'_> {
    let named = TABLE.iter().find(|(name, _)| *name == id).map(|(_, unit)| *unit);
    named.or_else(|| custom(id)).unwrap_or(Unit::After(id))
}

pub(super) fn is_known(id: &str) -> bool {
    id.is_empty() || TABLE.iter().any(|(name, _)| *name == id) || custom(id).is_some()
}

/// `suffix:apples` and its kin.
fn custom(id: &str) -> Option<Unit<'_>> {
    let (kind, rest) = id.split_once(':')?;
    Some(match kind {
        "prefix" | "currency" => Unit::Before(rest),
        "suffix" => Unit::After(rest),
        "time" => Unit::Date("%Y-%m-%d %H:%M:%S"),
        "count" => count(rest),
        "si" => {
            let prefix = rest.chars().next().filter(|_| rest.chars().count() > 1);
            let index = prefix.and_then(|prefix| SI.iter().position(|si| si.starts_with(prefix)));
            match index {
                Some(index) => si(rest.trim_start_matches(|c| Some(c) == prefix), index as i32 - PLAIN),
                None => si(rest, 0),
            }
        }
        "bool" => {
            let (yes, no) = rest.split_once('/').unwrap_or((rest, "-"));
            Unit::Truth(yes, no)
        }
        _ => return None,
    })
}
