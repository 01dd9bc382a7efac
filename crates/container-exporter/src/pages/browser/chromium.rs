//! A browser that a test drives: Chromium without a window, over its DevTools protocol. Messages are JSON with a zero byte
//! behind each, in and out by the descriptors 3 and 4.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Dropping it ends the browser.
pub(super) struct Browser {
    child: Child,
    orders: ChildStdin,
    messages: Receiver<Value>,
    session: Option<String>,
    last_id: u64,
    events: Vec<Value>,
    _profile: tempfile::TempDir,
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file());
    if found.is_none() {
        let all = std::env::var_os("PILOTLIGHT_ALL").is_some_and(|all| all == "1");
        assert!(!all, "PILOTLIGHT_ALL=1, and PATH has none of {names:?}");
        eprintln!("skipped: PATH has none of {names:?}, so no browser opens the pages");
    }
    found
}

#[expect(clippy::disallowed_methods, reason = "the test runs a browser")]
fn start(program: PathBuf, profile: &std::path::Path) -> Child {
    // Only a shell can give a child these descriptors without code that is unsafe.
    Command::new("/bin/sh")
        .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null"])
        .arg(program)
        // Without a sandbox, since it does not work in a container nor for root, and every page is ours.
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--hide-scrollbars",
            "--remote-debugging-pipe",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("about:blank")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn listen(output: ChildStdout, tell: &Sender<Value>) {
    let messages = BufReader::new(output).split(0);
    for message in messages.map_while(Result::ok) {
        let Ok(message) = serde_json::from_slice(&message) else {
            return;
        };
        if tell.send(message).is_err() {
            return;
        }
    }
}

impl Browser {
    /// A window with an empty page; `None`, told on standard error, where there is no browser.
    pub(super) fn open() -> Option<Self> {
        let profile = tempfile::tempdir().unwrap();
        let mut child = start(program()?, profile.path());
        let (orders, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (tell, messages) = channel();
        let listener = std::thread::Builder::new().name("browser".into());
        listener.spawn(move || listen(output, &tell)).unwrap();
        let mut browser = Self {
            child,
            orders,
            messages,
            session: None,
            last_id: 0,
            events: Vec::new(),
            _profile: profile,
        };
        browser.attach();
        Some(browser)
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.call("Target.attachToTarget", attach);
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// One order and its result.
    fn call(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut order = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            order["sessionId"] = session.as_str().into();
        }
        let mut bytes = serde_json::to_vec(&order).unwrap();
        bytes.push(0);
        self.orders.write_all(&bytes).unwrap();
        let answer = self.next(|message| message["id"] == id, method);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The next message that is wanted; what comes before is kept.
    fn next(&mut self, wanted: impl Fn(&Value) -> bool, what: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let message = self.messages.recv_timeout(left);
            let message = message.unwrap_or_else(|error| panic!("{what}: {error}"));
            let is_it = wanted(&message);
            self.events.push(message.clone());
            if is_it {
                return message;
            }
        }
    }

    /// Runs a script at the beginning of every page from now on.
    pub(super) fn at_every_load(&mut self, script: &str) {
        self.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
    }

    /// Sets the window's width, and whether it is night.
    pub(super) fn resize(&mut self, width: u32, dark: bool) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Opens an address and waits until it is loaded.
    pub(super) fn go(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": url }));
        self.next(|message| message["method"] == "Page.loadEventFired", url);
    }

    /// Clicks on a link and waits until its page is loaded.
    pub(super) fn follow(&mut self, selector: &str) {
        self.run(&format!(
            "setTimeout(() => document.querySelector({selector:?}).click()), 0"
        ));
        self.next(|message| message["method"] == "Page.loadEventFired", selector);
    }

    /// The value of an expression, or of its promise.
    pub(super) fn run(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let result = self.call("Runtime.evaluate", params);
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub(super) fn wait_for(&mut self, expression: &str) {
        let script = format!(
            "new Promise((done) => {{
                const end = Date.now() + 15000;
                const look = () => {{
                    let is = null;
                    try {{ is = {expression}; }} catch (error) {{ is = null; }}
                    if (is || Date.now() > end) done(is ? '' : document.body.innerText);
                    else setTimeout(look, 20);
                }};
                look();
            }})"
        );
        assert_eq!(self.run(&script), "", "{expression}");
    }

    /// Presses the key on what has the focus.
    pub(super) fn press_enter(&mut self) {
        let key =
            json!({ "type": "keyDown", "key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13 });
        self.call("Input.dispatchKeyEvent", key);
        self.call(
            "Input.dispatchKeyEvent",
            json!({ "type": "keyUp", "key": "Enter", "code": "Enter" }),
        );
    }

    /// A picture of the whole page, kept where PILOTLIGHT_SCREENSHOTS says.
    pub(super) fn screenshot(&mut self, name: &str) {
        let picture = self.call("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
        let data = from_base64(picture["data"].as_str().unwrap());
        assert!(data.starts_with(b"\x89PNG\r\n"), "{name}");
        if let Some(folder) = std::env::var_os("PILOTLIGHT_SCREENSHOTS") {
            std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), data).unwrap();
        }
    }

    /// What went to the console as an error, and what scripts threw.
    pub(super) fn errors(&mut self) -> Vec<String> {
        self.run("0");
        let is_error = |event: &&Value| match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => event["params"]["type"] == "error",
            Some("Log.entryAdded") => event["params"]["entry"]["level"] == "error",
            _ => false,
        };
        self.events.iter().filter(is_error).map(Value::to_string).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends all its processes when it is asked; at its end this end of the pipe closes.
        self.orders.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0").ok();
        let deadline = Instant::now() + Duration::from_secs(5);
        while self
            .messages
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .is_ok()
        {}
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().filter_map(digit).map(u32::from).collect();
    let whole = |digits: &[u32]| {
        let bits = digits.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - digits.len()));
        bits.to_be_bytes()
            .into_iter()
            .skip(1)
            .take(digits.len() - 1)
            .collect::<Vec<u8>>()
    };
    digits.chunks(4).flat_map(whole).collect()
}
