//! Whose stack it is: processes of `lab up`, or containers of compose.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use super::{
    compose::{Compose, Hands},
    control::{Control, Orders},
    http,
};
use crate::{drill::FACTOR_FILE, up::state::State};

pub(super) enum Stack {
    Processes { state: State, folder: PathBuf },
    Containers(Compose),
}

/// The files that it runs with.
pub(super) struct Files {
    /// How many times faster than real the copy is in which things can be put and broken; `None`: there is no copy.
    pub(super) drill: Option<u32>,
    /// Where a drill may leave something for as long as it lasts.
    pub(super) folder: PathBuf,
    pub(super) prometheus: PathBuf,
    pub(super) blackbox: PathBuf,
    pub(super) alertmanager: PathBuf,
}

impl Stack {
    /// By the folder of state of a `lab up`.
    ///
    /// # Errors
    /// None runs there.
    pub(super) fn of_lab_up(folder: &Path) -> Result<Self> {
        let state = State::read(folder)?;
        let folder = fs::canonicalize(folder).with_context(|| format!("finding {}", folder.display()))?;
        Ok(Self::Processes { state, folder })
    }

    /// # Errors
    /// What Docker says of its containers makes no sense.
    pub(super) fn files(&self) -> Result<Files> {
        match self {
            Self::Processes { state, folder } => Ok(Files {
                drill: state.drill,
                folder: folder.clone(),
                prometheus: state.prometheus_config.clone(),
                blackbox: state.blackbox_config.clone(),
                alertmanager: state.alertmanager_config.clone(),
            }),
            Self::Containers(compose) => {
                let prometheus = compose.source("prometheus", "/etc/prometheus/prometheus.yml")?;
                let beside = |name: &str| prometheus.with_file_name(name);
                Ok(Files {
                    drill: factor(&beside(FACTOR_FILE))?,
                    folder: beside(""),
                    blackbox: beside("blackbox.yml"),
                    alertmanager: beside("alertmanager.yml"),
                    prometheus,
                })
            }
        }
    }

    /// Where a service is.
    ///
    /// # Errors
    /// It does not run.
    pub(super) fn address(&self, name: &str) -> Result<SocketAddr> {
        match self {
            Self::Processes { state, .. } if name == "console" => address_of(&state.console),
            Self::Processes { state, .. } => {
                let service = state.services.iter().find(|service| service.name == name);
                address_of(&service.with_context(|| format!("{name} does not run"))?.url)
            }
            Self::Containers(compose) => compose.address(name),
        }
    }

    pub(super) fn orders(&self) -> Result<Box<dyn Orders>> {
        Ok(match self {
            Self::Processes { state, .. } => Box::new(Control::connect(&state.control)?),
            Self::Containers(compose) => Box::new(Hands::of(compose)),
        })
    }

    /// Tells a service to read its configuration again.
    ///
    /// # Errors
    /// It does not run, or refuses.
    pub(super) fn reload(&self, service: &str) -> Result<()> {
        match self {
            Self::Processes { .. } => http::post(self.address(service)?, "/-/reload", ""),
            Self::Containers(compose) => compose.signal(service, Signal::HUP),
        }
    }

    /// What a service runs, as this machine can start it again.
    ///
    /// # Errors
    /// It does not run here.
    pub(super) fn program(&self, name: &str) -> Result<PathBuf> {
        let Self::Processes { state, .. } = self else {
            bail!("{name} runs in a container");
        };
        let service = state.services.iter().find(|service| service.name == name);
        let service = service.with_context(|| format!("{name} does not run"))?;
        Ok(PathBuf::from(format!("/proc/{}/exe", service.pid)))
    }

    pub(super) fn docker_socket(&self) -> PathBuf {
        match self {
            Self::Processes { state, .. } => {
                PathBuf::from(state.docker.strip_prefix("unix://").unwrap_or(&state.docker))
            }
            Self::Containers(compose) => compose.socket().to_owned(),
        }
    }

    /// Why nothing can be done with containers.
    pub(super) fn no_docker(&self) -> Option<String> {
        match self {
            Self::Processes { .. } if self.address("container-exporter").is_err() => {
                return Some("container-exporter does not run".to_owned());
            }
            Self::Processes { state, .. } if state.docker.is_empty() => {
                return Some("lab up asks no Docker".to_owned());
            }
            _ => {}
        }
        let reason = private_docker::Api::at(&self.docker_socket()).get("/_ping").err()?;
        Some(format!("there is no Docker: {reason:#}"))
    }
}

/// What `lab drill` has left beside its copy.
fn factor(path: &Path) -> Result<Option<u32>> {
    let Ok(text) = fs::read_to_string(path) else {
        return Ok(None);
    };
    let factor = text.trim().parse();
    factor
        .map(Some)
        .with_context(|| format!("parsing {}: {text:?}", path.display()))
}

/// Of `http://127.0.0.1:9090/`.
fn address_of(url: &str) -> Result<SocketAddr> {
    let address = url.split('/').nth(2).and_then(|address| address.parse().ok());
    address.with_context(|| format!("no address in {url}"))
}
