//! A network bridge of one's own.

use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Bridge {
    pub(crate) name: String,
}

impl Bridge {
    /// Makes it, with an address of a network that is set apart for benchmarks: nobody routes it.
    pub(crate) fn make(name: &str, number: u32) -> Result<Self> {
        let [.., low] = number.to_be_bytes();
        let address = Ipv4Addr::new(198, 18, low, 1);
        let bridge = Self { name: name.to_owned() };
        ip(&["link", "add", name, "type", "bridge"])?;
        ip(&["addr", "add", &format!("{address}/24"), "dev", name])?;
        ip(&["link", "set", name, "up"])?;
        Ok(bridge)
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

/// One that is gone already is no matter.
pub(crate) fn remove(name: &str) {
    ip(&["link", "del", name]).ok();
}

#[expect(clippy::disallowed_methods, reason = "ip makes bridges")]
fn ip(args: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(args).stdin(Stdio::null()).output();
    let output = output.context("starting ip, of iproute2")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {}: {}", args.join(" "), said.trim());
    Ok(())
}
