//! Values that are more than one number.

/// Observations counted in cumulative buckets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Histogram<'a> {
    /// Buckets by rising upper bound. The one for +Inf is added from `count` where it is missing.
    pub buckets: &'a [Bucket<'a>],
    /// The sum of all observations, in the family's unit.
    pub sum: f64,
    /// How many observations.
    pub count: u64,
}

/// One bucket of a [`Histogram`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket<'a> {
    /// The largest value that the bucket counts, its `le` label.
    pub upper_bound: f64,
    /// How many observations were no larger.
    pub cumulative_count: u64,
    /// One observation as an example.
    pub exemplar: Option<Exemplar<'a>>,
}

/// Observations summed up in quantiles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary<'a> {
    /// Quantiles by rising rank.
    pub quantiles: &'a [Quantile],
    /// The sum of all observations, in the family's unit.
    pub sum: f64,
    /// How many observations.
    pub count: u64,
}

/// One quantile of a [`Summary`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// The rank, from 0 to 1.
    pub quantile: f64,
    /// The value at that rank; NaN when nothing was observed.
    pub value: f64,
}

/// A sample observation that points to more, such as a trace. Written in OpenMetrics and protobuf, left out elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exemplar<'a> {
    /// Names and values, such as `("trace_id", "4bf92f35")`; OpenMetrics allows 128 characters for all of them.
    pub labels: &'a [(&'a str, &'a str)],
    /// The observed value.
    pub value: f64,
    /// When it was observed, in seconds since the epoch.
    pub timestamp: Option<f64>,
}
