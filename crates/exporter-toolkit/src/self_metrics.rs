//! Metrics of the exporter itself: what it was built from, what it costs, how its scrapes went.

use exposition::{Desc, Encoder, Kind};
use kernel_stats::net_netstat;
use procfs::process::{LimitValue, Process};
use procfs::{CurrentSI, WithCurrentSystemInfo};
use prometheus::proto::MetricType;
use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts};

use crate::collector::{CollectError, Collector};

/// The `<name>_build_info` family.
pub struct BuildInfo {
    name: String,
    help: String,
}

/// What the build scripts found out.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit, or `unknown`.
pub const REVISION: &str = env!("PILOTLIGHT_REVISION");
/// The compiler.
pub const RUSTC: &str = env!("PILOTLIGHT_RUSTC");

/// The architecture in Go's words, which dashboards show.
const GOARCH: &str = match std::env::consts::ARCH.as_bytes() {
    b"x86_64" => "amd64",
    b"aarch64" => "arm64",
    _ => std::env::consts::ARCH,
};

impl BuildInfo {
    /// The family of the program whose metrics begin with `prefix`, such as `node_exporter`.
    pub fn new(prefix: &str) -> Self {
        let help = format!(
            "A metric with a constant '1' value labeled by version, revision, branch, goversion from which {prefix} was \
             built, and the goos and goarch for the build."
        );
        Self {
            name: format!("{prefix}_build_info"),
            help,
        }
    }
}

impl Collector for BuildInfo {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let labels = ["branch", "goarch", "goos", "goversion", "revision", "tags", "version"];
        let desc = Desc::new(&self.name, &self.help, Kind::Info, &labels);
        out.family(&desc).sample(
            &["main", GOARCH, std::env::consts::OS, RUSTC, REVISION, "rust", VERSION],
            1.0,
        );
        Ok(())
    }
}

/// The `process_*` families, from /proc/self.
#[derive(Default)]
pub struct ProcessMetrics {
    boot_time_seconds: Option<u64>,
}

const CPU_SECONDS: Desc<'_> = Desc::counter(
    "process_cpu_seconds_total",
    "Total user and system CPU time spent in seconds.",
    &[],
);
const MAX_FDS: Desc<'_> = Desc::gauge("process_max_fds", "Maximum number of open file descriptors.", &[]);
const OPEN_FDS: Desc<'_> = Desc::gauge("process_open_fds", "Number of open file descriptors.", &[]);
const RECEIVED: Desc<'_> = Desc::counter(
    "process_network_receive_bytes_total",
    "Number of bytes received by the process over the network.",
    &[],
);
const TRANSMITTED: Desc<'_> = Desc::counter(
    "process_network_transmit_bytes_total",
    "Number of bytes sent by the process over the network.",
    &[],
);
const RESIDENT: Desc<'_> = Desc::gauge("process_resident_memory_bytes", "Resident memory size in bytes.", &[]);
const START_TIME: Desc<'_> = Desc::gauge(
    "process_start_time_seconds",
    "Start time of the process since unix epoch in seconds.",
    &[],
);
const VIRTUAL: Desc<'_> = Desc::gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", &[]);
const VIRTUAL_MAX: Desc<'_> = Desc::gauge(
    "process_virtual_memory_max_bytes",
    "Maximum amount of virtual memory available in bytes.",
    &[],
);

impl Collector for ProcessMetrics {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let process = Process::myself().map_err(CollectError::failed)?;
        let stat = process.stat().map_err(CollectError::failed)?;
        let ticks_per_second = procfs::ticks_per_second() as f64;
        out.scalar(&CPU_SECONDS, (stat.utime + stat.stime) as f64 / ticks_per_second);
        out.scalar(&VIRTUAL, stat.vsize as f64);
        out.scalar(&RESIDENT, stat.rss_bytes().get() as f64);
        if let Some(boot) = self.boot_time() {
            out.scalar(&START_TIME, boot as f64 + stat.starttime as f64 / ticks_per_second);
        }
        if let Ok(open) = process.fd_count() {
            out.scalar(&OPEN_FDS, open as f64);
        }
        if let Ok(limits) = process.limits() {
            out.scalar(&MAX_FDS, limit(limits.max_open_files.soft_limit));
            out.scalar(&VIRTUAL_MAX, limit(limits.max_address_space.soft_limit));
        }
        network(out)
    }
}

impl ProcessMetrics {
    fn boot_time(&mut self) -> Option<u64> {
        if self.boot_time_seconds.is_none() {
            self.boot_time_seconds = procfs::KernelStats::current().ok().map(|stat| stat.btime);
        }
        self.boot_time_seconds
    }
}

/// Go's client gives no limit as the largest integer.
fn limit(value: LimitValue) -> f64 {
    match value {
        LimitValue::Value(value) => value as f64,
        LimitValue::Unlimited => u64::MAX as f64,
    }
}

/// Bytes of the whole network namespace, as Go's client counts them too.
fn network(out: &mut Encoder) -> Result<(), CollectError> {
    let text = std::fs::read("/proc/self/net/netstat").map_err(CollectError::failed)?;
    let fields = net_netstat::parse(&text).map_err(CollectError::failed)?;
    let octets = |name: &str| {
        fields
            .iter()
            .find(|field| field.protocol == "IpExt" && field.name == name)
    };
    for (desc, name) in [(&RECEIVED, "InOctets"), (&TRANSMITTED, "OutOctets")] {
        if let Some(field) = octets(name) {
            out.scalar(desc, field.value);
        }
    }
    Ok(())
}

/// The `promhttp_*` values, which live between scrapes.
#[derive(Clone, Debug)]
pub struct HandlerMetrics {
    pub(crate) requests: IntCounterVec,
    pub(crate) in_flight: IntGauge,
    pub(crate) gathering_errors: IntCounter,
}

impl HandlerMetrics {
    /// New values, registered with `registry`.
    ///
    /// # Errors
    /// When the registry has them already.
    pub fn register(registry: &prometheus::Registry) -> prometheus::Result<Self> {
        let requests = Opts::new(
            "promhttp_metric_handler_requests_total",
            "Total number of scrapes by HTTP status code.",
        );
        let requests = IntCounterVec::new(requests, &["code"])?;
        for code in ["200", "500", "503"] {
            requests.with_label_values(&[code]);
        }
        let in_flight = IntGauge::new(
            "promhttp_metric_handler_requests_in_flight",
            "Current number of scrapes being served.",
        )?;
        let errors = Opts::new(
            "promhttp_metric_handler_errors_total",
            "Total number of internal errors encountered by the promhttp metric handler.",
        );
        let errors = IntCounterVec::new(errors, &["cause"])?;
        errors.with_label_values(&["encoding"]);
        let gathering_errors = errors.with_label_values(&["gathering"]);
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(in_flight.clone()))?;
        registry.register(Box::new(errors))?;
        Ok(Self {
            requests,
            in_flight,
            gathering_errors,
        })
    }
}

/// Writes what a registry of the `prometheus` crate holds, so that one encoder makes every format.
pub struct PrometheusRegistry(pub prometheus::Registry);

impl Collector for PrometheusRegistry {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        for family in self.0.gather() {
            encode_family(out, &family);
        }
        Ok(())
    }
}

fn encode_family(out: &mut Encoder, family: &prometheus::proto::MetricFamily) {
    let kind = match family.get_field_type() {
        MetricType::COUNTER => Kind::Counter,
        MetricType::GAUGE => Kind::Gauge,
        MetricType::HISTOGRAM => Kind::Histogram,
        MetricType::SUMMARY => Kind::Summary,
        MetricType::UNTYPED => Kind::Untyped,
    };
    let desc = Desc::new(family.name(), family.help(), kind, &[]);
    let mut written = out.family(&desc);
    for metric in family.get_metric() {
        let pairs: Vec<(&str, &str)> = metric
            .get_label()
            .iter()
            .map(|pair| (pair.name(), pair.value()))
            .collect();
        let labels = pairs.as_slice();
        match kind {
            Kind::Counter => written.sample(labels, metric.get_counter().get_value()),
            Kind::Histogram => {
                let histogram = metric.get_histogram();
                let bucket = |bucket: &prometheus::proto::Bucket| exposition::Bucket {
                    upper_bound: bucket.upper_bound(),
                    cumulative_count: bucket.cumulative_count(),
                    exemplar: None,
                };
                let buckets: Vec<exposition::Bucket<'_>> = histogram.get_bucket().iter().map(bucket).collect();
                let (sum, count) = (histogram.get_sample_sum(), histogram.get_sample_count());
                written.histogram(
                    labels,
                    &exposition::Histogram {
                        buckets: &buckets,
                        sum,
                        count,
                    },
                )
            }
            _ => written.sample(labels, metric.get_gauge().get_value()),
        };
    }
}
