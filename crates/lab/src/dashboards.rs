//! `lab dashboards`: the dashboards as pages, without Grafana.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use ::dashboards::viewer::{Shelf, Site, serve};
use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command, value_parser};
use tokio::net::TcpListener;

use crate::{ask, up::signals::Signals};

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    Command::new("dashboards")
        .about("Shows Grafana's dashboards as pages, without Grafana")
        .args([
            Arg::new("listen")
                .long("listen")
                .visible_alias("web.listen-address")
                .value_name("ADDRESS:PORT")
                .default_value("127.0.0.1:3000")
                .value_parser(value_parser!(SocketAddr))
                .help("Where to listen; there is no password, so keep it to this machine"),
            ask::dir(),
        ])
        .args(ask::arguments())
}

/// Runs until a signal asks for the end.
///
/// # Errors
/// The address is taken, or there is no address of a Prometheus.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    let listen: SocketAddr = *arguments.get_one("listen").context("--listen has no value")?;
    let dir: &PathBuf = arguments.get_one("dir").context("--dir has no value")?;
    let local = listen.ip().is_loopback();
    let site = Site::new(Shelf::new(dir), ask::asker(arguments)?, local).context("showing dashboards")?;
    ask::runtime()?.block_on(async {
        let mut signals = Signals::listen().context("listening for signals")?;
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("listening on {listen}; give another address with --listen"))?;
        let address = listener.local_addr().context("asking for the address")?;
        writeln!(io::stderr(), "lab: dashboards are at http://{address}/").context("writing to standard error")?;
        tokio::select! {
            () = serve(listener, site) => {}
            () = signals.asked_to_stop() => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}
