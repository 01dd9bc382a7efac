//! Running the exporter, as people and process managers do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

const PROGRAM: &str = env!("CARGO_BIN_EXE_redis-exporter");

/// Runs it to its end.
pub(crate) fn run(args: &[&str]) -> Output {
    Command::new(PROGRAM).args(args).stdin(Stdio::null()).output().unwrap()
}

/// A running exporter. Dropping it ends it.
pub(crate) struct Exporter {
    child: Child,
    log: Arc<Mutex<String>>,
    keeper: Option<std::thread::JoinHandle<()>>,
    /// Where it listens.
    pub(crate) address: String,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Answer {
    /// The value of a sample, by its name and labels as they stand in the text.
    pub(crate) fn value(&self, sample: &str) -> Option<f64> {
        let mut lines = self.text.lines();
        lines.find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
    }

    /// The label of the last error, where there is one.
    pub(crate) fn error(&self) -> &str {
        let start = "redis_exporter_last_scrape_error{err=\"";
        let mut lines = self.text.lines();
        let line = lines.find_map(|line| line.strip_prefix(start));
        line.and_then(|line| line.rsplit_once('"'))
            .map_or("no such line", |(error, _)| error)
    }
}

impl Exporter {
    /// With these flags, on a port of its own.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_with(args, &[])
    }

    /// The same with these variables.
    pub(crate) fn start_with(args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(args).envs(variables.iter().copied());
        Self::run(command)
    }

    /// As this command starts it.
    pub(crate) fn run(mut command: Command) -> Self {
        let mut child = command
            .arg("--web.listen-address=127.0.0.1:0")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let mut log = String::new();
        let address = lines.find_map(|line| {
            log.push_str(&line);
            log.push('\n');
            let (_, address) = line.split_once("address=127.0.0.1:")?;
            let port = address.split_whitespace().next()?;
            Some(format!("127.0.0.1:{port}"))
        });
        let address = address.unwrap_or_else(|| panic!("it ended:\n{log}"));
        let log = Arc::new(Mutex::new(log));
        let rest = Arc::clone(&log);
        let keep = move || lines.for_each(|line| *rest.lock().unwrap() += &format!("{line}\n"));
        let keeper = Some(std::thread::Builder::new().spawn(keep).unwrap());
        Self {
            child,
            log,
            keeper,
            address,
        }
    }

    /// Asks, and reads the whole answer.
    pub(crate) fn ask(&self, path: &str, headers: &[&str]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            text: text.to_owned(),
        }
    }

    /// What it says on its telemetry path.
    pub(crate) fn metrics(&self) -> Answer {
        self.ask("/metrics", &[])
    }

    /// Ends it as process managers do: its exit code, and all that it has logged.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        rustix::process::kill_process(
            rustix::process::Pid::from_child(&self.child),
            rustix::process::Signal::TERM,
        )
        .unwrap();
        let code = self.child.wait().unwrap().code();
        // The thread that keeps the log ends with the pipe.
        if let Some(keeper) = self.keeper.take() {
            keeper.join().unwrap();
        }
        (code, self.log())
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
