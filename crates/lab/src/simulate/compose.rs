//! The stack of deploy/compose.yaml: its containers, found and acted on through Docker, by the labels that compose gives them.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use private_docker::Api;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::control::Orders;
use crate::up::{
    control::{Act, parse},
    stack::limit_files,
};

/// The network in which exporters are; this host is its gateway.
const NETWORK: &str = "targets";

/// A project of compose.
#[derive(Clone)]
pub(super) struct Compose {
    socket: PathBuf,
    project: String,
}

impl Compose {
    /// # Errors
    /// There is no Docker, or no Prometheus of this project in it.
    pub(super) fn find(docker: &str, project: &str) -> Result<Self> {
        let compose = Self {
            socket: PathBuf::from(docker.strip_prefix("unix://").unwrap_or(docker)),
            project: project.to_owned(),
        };
        compose
            .container("prometheus")
            .with_context(|| format!("looking for the stack of compose in Docker at {docker}"))?;
        Ok(compose)
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    fn docker(&self) -> Api {
        Api::at(&self.socket)
    }

    /// What Docker's list says of a service's container, running or not.
    fn container(&self, service: &str) -> Result<Value> {
        let label = |name: &str, value: &str| format!("%22com.docker.compose.{name}%3D{value}%22");
        let (project, of_service) = (label("project", &self.project), label("service", service));
        let path = format!("/containers/json?all=1&filters=%7B%22label%22%3A%5B{project}%2C{of_service}%5D%7D");
        let mut found = self.docker().get(&path)?;
        let first = found.get_mut(0).map(Value::take);
        first.with_context(|| format!("{service} of {} is not there: docker compose up first", self.project))
    }

    fn id(&self, service: &str) -> Result<String> {
        text(&self.container(service)?, "/Id")
    }

    /// Its first published port.
    ///
    /// # Errors
    /// It does not run, or has none.
    pub(super) fn address(&self, service: &str) -> Result<SocketAddr> {
        let container = self.container(service)?;
        let ports = container.get("Ports").and_then(Value::as_array);
        let public = ports.into_iter().flatten().find_map(|port| {
            let number = port.get("PublicPort")?.as_u64()?;
            u16::try_from(number).ok()
        });
        let port = public.with_context(|| format!("{service} does not run, or has no port on this machine"))?;
        Ok((Ipv4Addr::LOCALHOST, port).into())
    }

    /// What of this machine is mounted there.
    ///
    /// # Errors
    /// Nothing is.
    pub(super) fn source(&self, service: &str, target: &str) -> Result<PathBuf> {
        let container = self.container(service)?;
        let mounts = container.get("Mounts").and_then(Value::as_array);
        let mut mounts = mounts.into_iter().flatten();
        let mount = mounts.find(|mount| mount.get("Destination").is_some_and(|there| there == target));
        let mount = mount.with_context(|| format!("nothing of this machine is at {target} of {service}"))?;
        text(mount, "/Source").map(PathBuf::from)
    }

    /// This host, as its containers reach it.
    ///
    /// # Errors
    /// There is no such network.
    pub(super) fn here(&self) -> Result<IpAddr> {
        let network = self.docker().get(&format!("/networks/{}_{NETWORK}", self.project))?;
        let gateway = text(&network, "/IPAM/Config/0/Gateway")?;
        gateway
            .parse()
            .with_context(|| format!("parsing the gateway {gateway:?} of the network {NETWORK}"))
    }

    /// Signals its first process from outside: what Docker itself sends counts as an order to stay away when it ends next.
    ///
    /// # Errors
    /// It does not run, or the system refuses.
    pub(super) fn signal(&self, service: &str, signal: Signal) -> Result<()> {
        kill_process(self.pid(service)?, signal).with_context(|| format!("signalling {service}"))
    }

    fn pid(&self, service: &str) -> Result<Pid> {
        let container = self.docker().get(&format!("/containers/{}/json", self.id(service)?))?;
        let pid = container.pointer("/State/Pid").and_then(Value::as_i64);
        let pid = pid.and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
        pid.with_context(|| format!("{service} does not run"))
    }

    fn carry_out(&self, act: Act, service: &str) -> Result<()> {
        let docker = |what: &str| -> Result<()> {
            let id = self.id(service)?;
            self.docker().order(&format!("/containers/{id}/{what}")).map(drop)
        };
        let limit = |bytes| limit_files(self.pid(service)?, bytes).map_err(anyhow::Error::msg);
        match act {
            Act::Stop => docker("stop"),
            Act::Start => docker("start"),
            Act::Pause => docker("pause"),
            Act::Continue => docker("unpause"),
            Act::Kill => self.signal(service, Signal::KILL),
            Act::LimitFiles(bytes) => limit(Some(bytes)),
            Act::UnlimitFiles => limit(None),
        }
    }
}

fn text(value: &Value, pointer: &str) -> Result<String> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.map(str::to_owned)
        .with_context(|| format!("Docker does not say {pointer}"))
}

/// Orders to its services.
pub(super) struct Hands {
    compose: Compose,
    done: Vec<(Act, String)>,
}

impl Hands {
    pub(super) fn of(compose: &Compose) -> Self {
        Self {
            compose: compose.clone(),
            done: Vec::new(),
        }
    }
}

impl Orders for Hands {
    fn order(&mut self, order: &str) -> Result<()> {
        let (act, service) = match parse(order) {
            Ok(order) => order,
            Err(why) => bail!("{order}: {why}"),
        };
        if let Some(undo) = act.undo() {
            self.done.push((undo, service.to_owned()));
        }
        self.done.retain(|(undo, of)| !(*undo == act && of == service));
        self.compose
            .carry_out(act, service)
            .with_context(|| format!("asking Docker to {order}"))
    }
}

impl Drop for Hands {
    fn drop(&mut self) {
        while let Some((act, service)) = self.done.pop() {
            // What is not undone shows: its alert does not clear.
            self.compose.carry_out(act, &service).ok();
        }
    }
}
