//! A Prometheus that scrapes so many hosts, and a VictoriaMetrics that it sends to: what they take. All hosts are one real
//! node-exporter, asked anew for each of them, so values move as they do.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep, sleep_until};

use super::target::{Process, Target, free_port};

/// As in prometheus.yml; each target has its turn once in it.
const EVERY: Duration = Duration::from_secs(15);
/// Network devices of containers come and go here while it is measured, and most hosts have none.
const FLAGS: [&str; 2] = [
    "--collector.netdev.device-exclude=^(veth|br-|docker)",
    "--collector.netclass.ignored-devices=^(veth|br-|docker)",
];
/// Merging all that was taken is a matter of seconds.
const MERGED_WITHIN: Duration = Duration::from_secs(60);

/// What is started.
pub(super) struct Programs {
    pub(super) node_exporter: PathBuf,
    pub(super) prometheus: PathBuf,
    /// Left out where there is none.
    pub(super) victoria_metrics: Option<PathBuf>,
}

/// What one of the two took.
pub(super) struct Part {
    pub(super) memory_mib: f64,
    /// Of one core.
    pub(super) cpu_percent: f64,
    pub(super) bytes_a_sample: f64,
}

/// What all took for some hosts.
pub(super) struct Taken {
    pub(super) series: u64,
    pub(super) samples_a_second: f64,
    pub(super) prometheus: Part,
    pub(super) store: Option<Part>,
}

/// Scrapes for `time` after the first round.
///
/// # Errors
/// A program does not start or does not answer.
pub(super) async fn measure(programs: &Programs, hosts: u32, time: Duration) -> Result<Taken> {
    let folder = tempfile::tempdir().context("making a folder")?;
    let site = Site::start(programs, hosts, &folder).await?;
    sleep(EVERY).await;
    let (from, began) = (site.look().await?, Instant::now());
    sleep_until(began + time).await;
    let (to, took) = (site.look().await?, began.elapsed().as_secs_f64());
    let share = |of: fn(&Look) -> Duration| of(&to).saturating_sub(of(&from)).as_secs_f64() / took * 100.0;
    // Each before it is asked to write, which takes memory of its own.
    let prometheus = Part {
        memory_mib: site.prometheus.memory_mib()?,
        cpu_percent: share(|look| look.cpu),
        bytes_a_sample: site.prometheus.bytes_a_sample(&folder).await?,
    };
    let store = match &site.store {
        Some(store) => Some(Part {
            memory_mib: store.memory_mib()?,
            cpu_percent: share(|look| look.store_cpu),
            bytes_a_sample: store.merged_bytes_a_sample().await?,
        }),
        None => None,
    };
    Ok(Taken {
        series: to.series,
        samples_a_second: (to.samples - from.samples) / took,
        prometheus,
        store,
    })
}

/// All that runs. Dropping it ends it.
struct Site {
    _exporter: Target,
    prometheus: Running,
    store: Option<Running>,
}

impl Site {
    async fn start(programs: &Programs, hosts: u32, folder: &TempDir) -> Result<Self> {
        let exporter_port = free_port()?;
        let process = Process::spawn(&[programs.node_exporter.as_os_str()], exporter_port, &flags())?;
        let exporter = Target::listening(process, exporter_port).await?;
        let store = match &programs.victoria_metrics {
            Some(program) => Some(store(program, folder).await?),
            None => None,
        };
        let config = config(hosts, exporter_port, store.as_ref().map(|store| store.port));
        let prometheus = prometheus(&programs.prometheus, &config, folder).await?;
        Ok(Self {
            _exporter: exporter,
            prometheus,
            store,
        })
    }

    async fn look(&self) -> Result<Look> {
        let page = self.prometheus.target.text().await?;
        let store_cpu = self.store.as_ref().map(|store| store.target.precise_cpu());
        Ok(Look {
            series: sum(&page, "prometheus_tsdb_head_series") as u64,
            samples: sum(&page, "prometheus_tsdb_head_samples_appended_total"),
            cpu: self.prometheus.target.precise_cpu()?,
            store_cpu: store_cpu.transpose()?.unwrap_or_default(),
        })
    }
}

/// Of node-exporter.
pub(super) fn flags() -> Vec<String> {
    FLAGS.map(str::to_owned).to_vec()
}

/// One that runs.
struct Running {
    target: Target,
    port: u16,
}

/// What Prometheus says of itself, and CPU time of both.
struct Look {
    series: u64,
    samples: f64,
    cpu: Duration,
    store_cpu: Duration,
}

async fn prometheus(program: &Path, config: &str, folder: &TempDir) -> Result<Running> {
    let file = folder.path().join("prometheus.yml");
    fs::write(&file, config).context("writing a configuration")?;
    let port = free_port()?;
    let flags = [
        format!("--config.file={}", file.display()),
        format!("--storage.tsdb.path={}", folder.path().join("prometheus").display()),
        format!("--web.listen-address=127.0.0.1:{port}"),
        // For the block of all that it has.
        "--web.enable-admin-api".to_owned(),
    ];
    let process = Process::run(&[program.as_os_str()], &flags)?;
    let target = Target::listening(process, port).await?;
    Ok(Running { target, port })
}

async fn store(program: &Path, folder: &TempDir) -> Result<Running> {
    let port = free_port()?;
    let flags = [
        format!("-storageDataPath={}", folder.path().join("victoria").display()),
        format!("-httpListenAddr=127.0.0.1:{port}"),
    ];
    let process = Process::run(&[program.as_os_str()], &flags)?;
    let target = Target::listening(process, port).await?;
    Ok(Running { target, port })
}

/// Hosts that differ by name alone.
fn config(hosts: u32, exporter: u16, store: Option<u16>) -> String {
    let names: Vec<String> = (1..=hosts).map(|host| format!("host-{host:04}")).collect();
    let mut text = format!(
        "global: {{scrape_interval: {every}s, scrape_timeout: {every}s}}\n\
         scrape_configs:\n\
         - job_name: node\n\
         \x20 static_configs: [{{targets: [{}]}}]\n\
         \x20 relabel_configs:\n\
         \x20 - {{source_labels: [__address__], target_label: instance}}\n\
         \x20 - {{target_label: __address__, replacement: \"127.0.0.1:{exporter}\"}}\n",
        names.join(", "),
        every = EVERY.as_secs(),
    );
    if let Some(port) = store {
        // Writing into a string cannot fail.
        writeln!(
            text,
            "remote_write: [{{url: \"http://127.0.0.1:{port}/api/v1/write\"}}]"
        )
        .ok();
    }
    text
}

impl Running {
    fn memory_mib(&self) -> Result<f64> {
        Ok(self.target.resident_kib()? as f64 / 1024.0)
    }

    /// Of a block with all that Prometheus has, index and all.
    async fn bytes_a_sample(&self, folder: &TempDir) -> Result<f64> {
        self.ask("POST", "/api/v1/admin/tsdb/snapshot").await?;
        let (mut bytes, mut samples) = (0, 0);
        for block in fs::read_dir(one_in(&folder.path().join("prometheus/snapshots"))?)? {
            let block = block?.path();
            let meta = fs::read_to_string(block.join("meta.json")).context("reading what is in a block")?;
            let meta: Value = serde_json::from_str(&meta).context("reading what is in a block")?;
            samples += meta["stats"]["numSamples"].as_u64().unwrap_or_default();
            bytes += size(&block)?;
        }
        ensure!(samples > 0, "Prometheus has no samples");
        Ok(bytes as f64 / samples as f64)
    }

    /// Of all that VictoriaMetrics has, index and all, once it has tidied up.
    async fn merged_bytes_a_sample(&self) -> Result<f64> {
        self.ask("GET", "/internal/force_flush").await?;
        self.ask("GET", "/internal/force_merge").await?;
        let end = Instant::now() + MERGED_WITHIN;
        loop {
            let page = self.target.text().await?;
            if sum(&page, "vm_active_force_merges") == 0.0 {
                let rows = sum_where(&page, "vm_rows", "storage/");
                ensure!(rows > 0.0, "VictoriaMetrics has no samples");
                return Ok(sum(&page, "vm_data_size_bytes") / rows);
            }
            ensure!(Instant::now() < end, "VictoriaMetrics merges and merges");
            sleep(Duration::from_millis(200)).await;
        }
    }

    async fn ask(&self, method: &str, path: &str) -> Result<Bytes> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let request = Request::builder().method(method).uri(&url).body(Empty::<Bytes>::new());
        let client = Client::builder(TokioExecutor::new()).build_http();
        let answer = client.request(request.context("making a request")?).await;
        let answer = answer.with_context(|| format!("asking {url}"))?;
        ensure!(answer.status().is_success(), "asking {url}: status {}", answer.status());
        let body = answer.into_body().collect().await;
        Ok(body.with_context(|| format!("reading {url}"))?.to_bytes())
    }
}

fn one_in(folder: &Path) -> Result<PathBuf> {
    let mut entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let one = entries.next().context("a snapshot that is not there")?;
    Ok(one?.path())
}

/// Of all files in a folder.
fn size(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let (path, data) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
        bytes += if data.is_dir() { size(&path)? } else { data.len() };
    }
    Ok(bytes)
}

/// Of all series of a metric.
fn sum(page: &str, name: &str) -> f64 {
    sum_where(page, name, "")
}

/// Of those with a text in their labels.
fn sum_where(page: &str, name: &str, labels: &str) -> f64 {
    let of_name = page.lines().filter_map(|line| line.strip_prefix(name));
    of_name
        .filter(|rest| rest.starts_with(['{', ' ']) && rest.contains(labels))
        .filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_series_of_a_metric_and_of_no_other_are_added() {
        let page = "# TYPE a gauge\na{type=\"storage/small\"} 1\na{type=\"indexdb\"} 2e3\na 4\nab 8\na_b 16\n";
        assert_eq!(sum(page, "a"), 2005.0);
        assert_eq!(sum_where(page, "a", "storage/"), 1.0);
        assert_eq!(sum(page, "b"), 0.0);
    }

    #[test]
    fn hosts_differ_by_name_alone() {
        let text = config(2, 9100, Some(8428));
        assert!(text.contains("targets: [host-0001, host-0002]"), "{text}");
        assert!(text.ends_with("remote_write: [{url: \"http://127.0.0.1:8428/api/v1/write\"}]\n"));
        assert!(!config(2, 9100, None).contains("remote_write"));
    }
}
