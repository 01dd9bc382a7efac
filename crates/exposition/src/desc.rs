//! What a metric family is called, means and is labelled with.

/// The type of a metric family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A total that only grows; its name ends in `_total`, or OpenMetrics calls it `unknown`.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// A value of unknown type: `untyped`, in OpenMetrics `unknown`.
    Untyped,
    /// Cumulative buckets, a sum and a count.
    Histogram,
    /// Quantiles, a sum and a count.
    Summary,
    /// Facts in labels, value 1. Its name ends in `_info`; only OpenMetrics has the type, elsewhere it is a gauge.
    Info,
}

/// A metric family: `const` for fixed names, borrowed for names known only at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Desc<'a> {
    /// The whole name, with `_total` or `_info` where the kind has one.
    pub name: &'a str,
    /// One sentence for people.
    pub help: &'a str,
    /// The type.
    pub kind: Kind,
    /// Label names, in alphabetical order, as Prometheus writes them.
    pub labels: &'a [&'a str],
}

impl<'a> Desc<'a> {
    /// A description in one line, for constants.
    pub const fn new(name: &'a str, help: &'a str, kind: Kind, labels: &'a [&'a str]) -> Self {
        Self {
            name,
            help,
            kind,
            labels,
        }
    }

    /// [`Desc::new`] for a counter.
    pub const fn counter(name: &'a str, help: &'a str, labels: &'a [&'a str]) -> Self {
        Self::new(name, help, Kind::Counter, labels)
    }

    /// [`Desc::new`] for a gauge.
    pub const fn gauge(name: &'a str, help: &'a str, labels: &'a [&'a str]) -> Self {
        Self::new(name, help, Kind::Gauge, labels)
    }
}
