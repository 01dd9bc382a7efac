//! What others on this machine may ask `lab up` to do with its own services: a socket in its folder, for its user alone, that
//! takes one order a line and answers `ok` or why not. What a connection has done is undone when it ends, however it ends.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::{mpsc, oneshot},
};

/// The socket's name in the folder of state.
const NAME: &str = "control";
/// No order is longer.
const LONGEST: usize = 200;

/// What is to be done with a service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Act {
    /// It ends, and stays away until it is started.
    Stop,
    Start,
    /// It ends at once, and is started again as whatever ends by itself.
    Kill,
    /// It stands still.
    Pause,
    Continue,
    /// No file that it writes may grow beyond so many bytes, as on a disk that is full.
    LimitFiles(u64),
    UnlimitFiles,
}

impl Act {
    fn parse(word: &str, more: Option<&str>) -> Option<Self> {
        Some(match (word, more) {
            ("stop", None) => Self::Stop,
            ("start", None) => Self::Start,
            ("kill", None) => Self::Kill,
            ("pause", None) => Self::Pause,
            ("continue", None) => Self::Continue,
            ("limit-files", Some(bytes)) => Self::LimitFiles(bytes.parse().ok()?),
            ("unlimit-files", None) => Self::UnlimitFiles,
            _ => return None,
        })
    }

    /// What undoes it.
    pub(crate) fn undo(self) -> Option<Self> {
        match self {
            Self::Stop => Some(Self::Start),
            Self::Pause => Some(Self::Continue),
            Self::LimitFiles(_) => Some(Self::UnlimitFiles),
            Self::Start | Self::Kill | Self::Continue | Self::UnlimitFiles => None,
        }
    }
}

/// An order: an act, a service, and what more it takes.
///
/// # Errors
/// It is none; in words.
pub(crate) fn parse(line: &str) -> Result<(Act, &str), String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let order = match words.as_slice() {
        [act, service] => Act::parse(act, None).map(|act| (act, *service)),
        [act, service, more] => Act::parse(act, Some(more)).map(|act| (act, *service)),
        _ => None,
    };
    order.ok_or_else(|| {
        "expected stop, start, kill, pause, continue, limit-files or unlimit-files, a service, and for limit-files bytes"
            .to_owned()
    })
}

/// An order, and where its answer goes.
pub(crate) struct Order {
    pub(crate) act: Act,
    pub(crate) service: String,
    answer: oneshot::Sender<Result<(), String>>,
}

impl Order {
    /// Tells whoever asked; one that is gone need not know.
    pub(crate) fn answer(self, outcome: Result<(), String>) {
        self.answer.send(outcome).ok();
    }
}

/// Where orders come in. Dropping it takes the socket away.
pub(crate) struct Control {
    path: PathBuf,
    orders: mpsc::Receiver<Order>,
}

impl Control {
    /// Listens in the folder of state; needs a runtime.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub(crate) fn listen(state_dir: &Path) -> Result<Self> {
        let path = state_dir.join(NAME);
        // One that was left behind: whoever had it is gone, or its ports would still be taken.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("removing {}", path.display()));
            }
            _ => {}
        }
        let listener = UnixListener::bind(&path).with_context(|| format!("listening on {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
            .with_context(|| format!("keeping {} to its user", path.display()))?;
        let (sender, orders) = mpsc::channel(1);
        tokio::spawn(accept(listener, sender));
        Ok(Self { path, orders })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Order {
        match self.orders.recv().await {
            Some(order) => order,
            // Nobody listens any more.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // The next one removes what is left.
        fs::remove_file(&self.path).ok();
    }
}

async fn accept(listener: UnixListener, orders: mpsc::Sender<Order>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, orders.clone()));
    }
}

async fn serve(stream: UnixStream, orders: mpsc::Sender<Order>) {
    let mut done = Vec::new();
    // A client that goes away has said enough.
    converse(stream, &orders, &mut done).await.ok();
    for (act, service) in done.into_iter().rev() {
        ask(&orders, act, service).await.ok();
    }
}

async fn converse(
    mut stream: UnixStream,
    orders: &mpsc::Sender<Order>,
    done: &mut Vec<(Act, String)>,
) -> io::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut lines = BufReader::with_capacity(LONGEST, reader).lines();
    while let Some(line) = lines.next_line().await? {
        let answer = match carry_out(&line, orders, done).await {
            Ok(()) => "ok\n".to_owned(),
            Err(why) => format!("{why}\n"),
        };
        writer.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

async fn carry_out(line: &str, orders: &mpsc::Sender<Order>, done: &mut Vec<(Act, String)>) -> Result<(), String> {
    let (act, service) = parse(line)?;
    if let Some(undo) = act.undo() {
        done.push((undo, service.to_owned()));
    }
    done.retain(|(undo, of)| !(*undo == act && of == service));
    ask(orders, act, service.to_owned()).await
}

async fn ask(orders: &mpsc::Sender<Order>, act: Act, service: String) -> Result<(), String> {
    let gone = || "lab up is stopping".to_owned();
    let (answer, answered) = oneshot::channel();
    let order = Order { act, service, answer };
    orders.send(order).await.map_err(|_| gone())?;
    answered.await.map_err(|_| gone())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_connection_has_done_is_undone_when_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let mut control = Control::listen(folder.path()).unwrap();
        assert_eq!(
            fs::metadata(control.path()).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let mut client = UnixStream::connect(control.path()).await.unwrap();
        let text = b"pause a\nlimit-files b 10\nkill c\nstop d\nstart d\ndance\n";
        client.write_all(text).await.unwrap();
        let mut seen = Vec::new();
        for _ in 0..5 {
            let order = control.next().await;
            seen.push((order.act, order.service.clone()));
            let refuse = order.act == Act::Kill;
            order.answer(if refuse { Err("no c".to_owned()) } else { Ok(()) });
        }
        let mut answers = BufReader::new(&mut client).lines();
        for expected in ["ok", "ok", "no c", "ok", "ok", "expected stop, "] {
            let answer = answers.next_line().await.unwrap().unwrap();
            assert!(answer.starts_with(expected), "{answer}");
        }
        drop(client);
        for _ in 0..2 {
            let order = control.next().await;
            seen.push((order.act, order.service.clone()));
            order.answer(Ok(()));
        }
        let name = |(act, name): (Act, &str)| (act, name.to_owned());
        let expected = [
            (Act::Pause, "a"),
            (Act::LimitFiles(10), "b"),
            (Act::Kill, "c"),
            (Act::Stop, "d"),
            (Act::Start, "d"),
            (Act::UnlimitFiles, "b"),
            (Act::Continue, "a"),
        ];
        assert_eq!(seen, expected.map(name));
        drop(control);
        assert!(!folder.path().join(NAME).exists());
    }
}
