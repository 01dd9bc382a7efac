//! Chromium without a window, driven over its DevTools protocol: JSON with a zero byte behind each message, in and out by the
//! descriptors 3 and 4.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::program;

/// Dropping it ends the browser.
pub(super) struct Browser {
    child: Child,
    orders: ChildStdin,
    messages: BufReader<ChildStdout>,
    session: Option<String>,
    last_id: u64,
    _profile: TempDir,
}

const FLAGS: [&str; 7] = [
    "--headless",
    // It does not work for root, and every page is ours.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--remote-debugging-pipe",
];

impl Browser {
    /// A window of this width, with an empty page.
    ///
    /// # Errors
    /// There is no Chromium, or it does not start.
    pub(super) fn open(width: u32) -> Result<Self> {
        let profile = tempfile::tempdir().context("making a folder")?;
        let mut child = start(&profile)?;
        let (orders, output) = (child.stdin.take(), child.stdout.take());
        let mut browser = Self {
            child,
            orders: orders.context("it is piped")?,
            messages: BufReader::new(output.context("it is piped")?),
            session: None,
            last_id: 0,
            _profile: profile,
        };
        browser.attach(width)?;
        Ok(browser)
    }

    fn attach(&mut self, width: u32) -> Result<()> {
        let target = self.call("Target.createTarget", json!({ "url": "about:blank" }))?;
        let attached = self.call(
            "Target.attachToTarget",
            json!({ "targetId": target["targetId"], "flatten": true }),
        )?;
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        self.call("Page.enable", json!({}))?;
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size)?;
        Ok(())
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value> {
        self.last_id += 1;
        let id = self.last_id;
        let mut order = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            order["sessionId"] = session.as_str().into();
        }
        let order = format!("{order}\0");
        self.orders.write_all(order.as_bytes()).context("talking to Chromium")?;
        let mut answer = self.until(|message| message["id"] == id)?;
        ensure!(answer.get("error").is_none(), "{method}: {answer}");
        Ok(answer["result"].take())
    }

    /// The next message that is wanted.
    fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        loop {
            let mut bytes = Vec::new();
            self.messages
                .read_until(0, &mut bytes)
                .context("listening to Chromium")?;
            ensure!(bytes.pop() == Some(0), "Chromium ended by itself");
            let message = serde_json::from_slice(&bytes).context("understanding Chromium")?;
            if wanted(&message) {
                return Ok(message);
            }
        }
    }

    /// Opens an address and waits until it is loaded.
    ///
    /// # Errors
    /// The browser does not.
    pub(super) fn go(&mut self, url: &str) -> Result<()> {
        let id = self.last_id + 1;
        self.last_id = id;
        let order = json!({ "id": id, "method": "Page.navigate", "params": { "url": url }, "sessionId": self.session });
        let order = format!("{order}\0");
        self.orders.write_all(order.as_bytes()).context("talking to Chromium")?;
        // The answer may come before or after.
        self.until(|message| message["method"] == "Page.loadEventFired")
            .map(drop)
    }

    /// What an expression's promise comes to.
    ///
    /// # Errors
    /// It throws.
    pub(super) fn run(&mut self, expression: &str) -> Result<Value> {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut result = self.call("Runtime.evaluate", params)?;
        ensure!(result.get("exceptionDetails").is_none(), "{expression}: {result}");
        Ok(result["result"]["value"].take())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "to run other programs is what lab is for; exporters never do"
)]
fn start(profile: &TempDir) -> Result<Child> {
    let chromium = program("chromium")?;
    // Only a shell can give a child these descriptors without code that is unsafe.
    Command::new("/bin/sh")
        .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null"])
        .arg(chromium)
        .args(FLAGS)
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg("about:blank")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("starting Chromium")
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends all its processes when it is asked, and then its end of the pipe closes. That it did not is no matter any more.
        self.orders.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0").ok();
        let mut rest = Vec::new();
        while self.messages.read_until(0, &mut rest).is_ok_and(|read| read > 0) {
            rest.clear();
        }
        self.child.wait().ok();
    }
}
