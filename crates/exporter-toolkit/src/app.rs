//! The life of an exporter: flags, log, configuration, server, end.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use exposition::Offer;
use log::{info, warn};
use tokio::signal::unix::{SignalKind, signal};

use crate::flags::paper::{self, Subject};
use crate::flags::{Flag, Flags, Habit, Stop};
use crate::lead::{End, Lead};
use crate::notify::Supervisor;
use crate::scrape::{Registry, RegistryBuilder};
use crate::self_metrics::{BuildInfo, HandlerMetrics, ProcessMetrics, PrometheusRegistry, REVISION, RUSTC, VERSION};
use crate::web::{self, App, Listener, NoPages, Page, Pages};
use crate::web_config::{Given, WebConfig};
use crate::{descriptors, healthcheck, logging, memory};

/// An exporter, as people see it.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The binary's name.
    pub name: &'static str,
    /// The prefix of its own metrics, such as `node_exporter`.
    pub prefix: &'static str,
    /// Its name on the landing page.
    pub title: &'static str,
    /// One sentence on what it is.
    pub description: &'static str,
    /// Where it listens unless told otherwise.
    pub listen_address: &'static [&'static str],
    /// The formats that it answers in.
    pub offer: Offer,
    /// How its users type flags.
    pub habit: Habit,
    /// Gives the shared flags their values from those of its own that mean the same.
    pub adapt: fn(&mut Flags),
}

/// What an exporter is made of.
pub struct Exporter {
    /// What stands under the telemetry path.
    pub registry: RegistryBuilder,
    /// What it shows beside that.
    pub pages: Box<dyn Pages>,
    /// TLS and a user, where flags of its own say so.
    pub web: Option<Given>,
}

impl From<RegistryBuilder> for Exporter {
    fn from(registry: RegistryBuilder) -> Self {
        Self {
            registry,
            pages: Box::new(NoPages),
            web: None,
        }
    }
}

/// What the flags ask for.
#[expect(clippy::large_enum_variant, reason = "there is one of it, for a moment at the start")]
pub enum Start {
    /// An exporter that answers until it is told to end.
    Serve(Exporter),
    /// Nothing more: it is done, such as the check of a file.
    Done,
}

impl<E: Into<Exporter>> From<E> for Start {
    fn from(exporter: E) -> Self {
        Self::Serve(exporter.into())
    }
}

/// Runs an exporter: `make` makes it from the flags or says all that is wrong with these.
pub fn run<S: Into<Start>>(
    program: &Program,
    own_flags: &[Flag],
    args: impl IntoIterator<Item = OsString>,
    make: impl FnOnce(&Flags) -> Result<S, Vec<String>>,
) -> ExitCode {
    memory::share_one_heap();
    descriptors::make_room();
    let parsed = {
        let table = flags(program, own_flags);
        let args = program.habit.rewrite(args, &table);
        if let Some(text) = paper::requested(&subject(program, &table), &args) {
            say(&text);
            return ExitCode::SUCCESS;
        }
        Flags::parse(program.name, program.description, [table.as_slice()], args)
    };
    let mut flags = match parsed {
        Ok(flags) => flags,
        Err(stop) => return stopped(program, &stop),
    };
    (program.adapt)(&mut flags);
    if flags.switch("healthcheck") {
        return verdict(healthcheck::run(&flags));
    }
    match resolve(&flags, |flags| make(flags).map(Into::into)) {
        Ok(Settings {
            start: Start::Serve(exporter),
            max_requests,
            config,
        }) => verdict(serve(program, &flags, exporter, max_requests, config)),
        Ok(Settings { start: Start::Done, .. }) => ExitCode::SUCCESS,
        Err(errors) => {
            for error in errors {
                say_error(&error);
            }
            ExitCode::FAILURE
        }
    }
}

/// All flags of an exporter that has these of its own.
pub fn flags(program: &Program, own: &[Flag]) -> Vec<Flag> {
    let listen = Flag::many(
        "web.listen-address",
        program.listen_address,
        "Address to listen on: HOST:PORT, :PORT or vsock://:PORT.",
    );
    [own, &[listen], web::FLAGS, logging::FLAGS].concat()
}

fn subject<'t>(program: &Program, table: &'t [Flag]) -> Subject<'t> {
    Subject {
        name: program.name,
        about: program.description,
        version: VERSION,
        habit: program.habit,
        flags: table,
    }
}

/// Help and version go to standard output, wrong usage to standard error.
fn stopped(program: &Program, stop: &Stop) -> ExitCode {
    match stop {
        Stop::Help(text) => say(text),
        Stop::Version => say(&format!(
            "{}, version {VERSION} (branch: main, revision: {REVISION})\n  rust version:     {RUSTC}\n  platform:         {}/{}\n",
            program.prefix,
            std::env::consts::OS,
            std::env::consts::ARCH,
        )),
        Stop::Wrong(text) => {
            drop(std::io::stderr().write_all(text.as_bytes()));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn say(text: &str) {
    // A reader that closed its end early, such as head, has what it wanted.
    drop(std::io::stdout().write_all(text.as_bytes()));
}

fn say_error(text: &str) {
    drop(writeln!(std::io::stderr(), "error: {text}"));
}

/// The end of the program, its error chain printed once.
fn verdict(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// By then the start is over and the first scrape, which uses much of what the start brought in, has often been.
const SETTLED: Duration = Duration::from_secs(3);

/// What the flags come to.
struct Settings {
    start: Start,
    max_requests: usize,
    config: WebConfig,
}

/// Reads the flags' meaning; all errors come together.
fn resolve(flags: &Flags, make: impl FnOnce(&Flags) -> Result<Start, Vec<String>>) -> Result<Settings, Vec<String>> {
    let log = logging::settings(flags);
    if let Ok((level, format)) = log {
        logging::start(level, format);
    }
    let start = make(flags);
    let max_requests = max_requests(flags).map_err(|error| vec![error]);
    let telemetry_path = telemetry_path(flags).map_err(|error| vec![error]);
    let given = match &start {
        Ok(Start::Serve(exporter)) => exporter.web.clone(),
        _ => None,
    };
    let config = web_config(flags, given).map_err(|error| vec![error]);
    match (log, start, max_requests, telemetry_path, config) {
        (Ok(_), Ok(start), Ok(max_requests), Ok(()), Ok(config)) => Ok(Settings {
            start,
            max_requests,
            config,
        }),
        (log, start, max_requests, telemetry_path, config) => {
            let errors = [
                log.err(),
                start.err(),
                max_requests.err(),
                telemetry_path.err(),
                config.err(),
            ];
            Err(errors.into_iter().flatten().flatten().collect())
        }
    }
}

fn web_config(flags: &Flags, given: Option<Given>) -> Result<WebConfig, String> {
    let file = flags.optional("web.config.file").filter(|path| !path.is_empty());
    let config = match (given, file) {
        (Some(_), Some(_)) => return Err("--web.config.file: other flags say already who may come in".to_owned()),
        (Some(given), None) => WebConfig::given(given),
        (None, file) => WebConfig::open(file.map(Path::new)),
    };
    config.map_err(|error| error.to_string())
}

fn max_requests(flags: &Flags) -> Result<usize, String> {
    let value = flags.value("web.max-requests");
    value
        .parse()
        .map_err(|_| format!("--web.max-requests: {value:?} is no whole number"))
}

fn telemetry_path(flags: &Flags) -> Result<(), String> {
    let path = flags.value("web.telemetry-path");
    if path.starts_with('/') {
        Ok(())
    } else {
        Err(format!("--web.telemetry-path: {path:?} does not start with /"))
    }
}

/// One thread for all connections, and for scrapes as long as they are quick.
fn serve(
    program: &Program,
    flags: &Flags,
    exporter: Exporter,
    max_requests: usize,
    config: WebConfig,
) -> anyhow::Result<()> {
    info!(version = VERSION, revision = REVISION; "Starting {}", program.name);
    if rustix::process::geteuid().is_root() {
        warn!(
            "{} is running as root user. It is designed to run as unprivileged user, root is not required.",
            program.title
        );
    }
    info!(collectors = exporter.registry.names().join(" "); "Enabled collectors");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the reactor")?;
    let lead = Lead::new().context("making a timer for the reactor")?;
    let (listeners, app, shutdown) = {
        let _reactor = runtime.enter();
        let (listeners, shutdown) = (listeners(flags)?, shutdown_signal()?);
        let tls = config.is_tls();
        for listener in &listeners {
            info!(address = listener.address(), tls; "Listening on");
        }
        let app = app(program, flags, exporter, max_requests, config, lead.clone())?;
        (listeners, app, shutdown)
    };
    let service = async {
        tokio::spawn(async {
            tokio::time::sleep(SETTLED).await;
            memory::give_back();
        });
        // It listens already, so that nobody who comes when it is told to be ready is refused.
        let supervisor = Supervisor::from_env();
        supervisor.ready();
        let shutdown = async {
            shutdown.await;
            supervisor.stopping();
        };
        tokio::select! {
            () = web::serve(listeners, app, shutdown) => {}
            () = supervisor.keep_alive() => {}
        }
        info!("Stopped");
    };
    match lead.run(runtime, service, end_at_once) {
        End::InOrder => Ok(()),
        End::Panicked => Err(anyhow::anyhow!("the server panicked")),
    }
}

/// For an end while the first thread is stuck with the kernel.
#[expect(
    clippy::disallowed_methods,
    reason = "main cannot return; all connections have ended"
)]
fn end_at_once(end: End) {
    std::process::exit(i32::from(end != End::InOrder));
}

fn listeners(flags: &Flags) -> anyhow::Result<Vec<Listener>> {
    if flags.switch("web.systemd-socket") {
        web::from_systemd()
    } else {
        web::bind(flags.many("web.listen-address"))
    }
}

fn app(
    program: &Program,
    flags: &Flags,
    exporter: Exporter,
    max_requests: usize,
    config: WebConfig,
    lead: Lead,
) -> anyhow::Result<App<std::sync::Arc<Registry>>> {
    let Exporter {
        mut registry, pages, ..
    } = exporter;
    if !registry.has_build_info() {
        registry.own(Box::new(BuildInfo::new(program.prefix)));
    }
    let values = prometheus::Registry::new();
    let metrics = HandlerMetrics::register(&values).context("registering promhttp metrics")?;
    if !flags.switch("web.disable-exporter-metrics") {
        registry.own(Box::new(ProcessMetrics::default()));
        registry.own(Box::new(PrometheusRegistry(values)));
    }
    let page = Page {
        title: program.title,
        description: program.description,
        version: format!("{VERSION} (revision {REVISION})"),
    };
    let registry = std::sync::Arc::new(registry.build_led(lead));
    let path = flags.value("web.telemetry-path");
    Ok(App::new(registry, program.offer, max_requests, metrics, path, page, config).with_pages(pages))
}

/// Ready at the first SIGTERM or SIGINT.
fn shutdown_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("waiting for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("waiting for SIGINT")?;
    Ok(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        info!(signal = name; "Stopping after the answers in flight");
    })
}
