//! Questions to file systems that may never answer, such as statfs(2) on a dead NFS server. Each has a thread of its
//! own, and only that one waits for it: a file system that is stuck is not asked again until it comes back.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use log::{info, warn};

use super::space::Space;

/// A system call needs next to nothing.
const STACK_BYTES: usize = 64 * 1024;

/// More are not asked.
const MOST_ASKED: usize = 64;

type Ask = dyn Fn(&Path) -> Option<Space> + Send + Sync;

/// Asks file systems for their room, all at the same time.
pub(super) struct Survey {
    ask: Arc<Ask>,
    patience: Duration,
    board: Arc<Board>,
    askers: HashMap<PathBuf, Sender<()>>,
}

#[derive(Default)]
struct Board {
    answers: Mutex<HashMap<PathBuf, Answer>>,
    /// One answered.
    came: Condvar,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    /// Asked just now.
    Awaited,
    /// Had its time.
    Stuck,
    /// `None` where there is no file system any more.
    Came(Option<Space>),
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a thread does: answers until nobody can ask any more.
    fn serve(&self, path: &Path, questions: &Receiver<()>, ask: &Ask) {
        while questions.recv().is_ok() {
            let answer = ask(path);
            let before = self.lock().insert(path.to_owned(), Answer::Came(answer));
            self.came.notify_all();
            if before == Some(Answer::Stuck) {
                info!("the file system at {} answers again", path.display());
            }
        }
    }
}

impl Survey {
    /// Asks with `ask`, which may block for ever, and waits so long for all answers together.
    pub(super) fn new(patience: Duration, ask: impl Fn(&Path) -> Option<Space> + Send + Sync + 'static) -> Self {
        Self {
            ask: Arc::new(ask),
            patience,
            board: Arc::default(),
            askers: HashMap::new(),
        }
    }

    /// The room at each of `paths`; `None` where nothing answered in time.
    pub(super) fn ask(&mut self, paths: &[PathBuf]) -> Vec<Option<Space>> {
        self.askers.retain(|path, _| paths.contains(path));
        let asked: Vec<&PathBuf> = paths.iter().filter(|path| self.send(path)).collect();
        self.wait(&asked);
        let answers = self.board.lock();
        let answer = |path: &PathBuf| match answers.get(path) {
            Some(Answer::Came(space)) if asked.contains(&path) => *space,
            _ => None,
        };
        paths.iter().map(answer).collect()
    }

    /// Lets the thread of `path` ask, unless it still waits for an answer.
    fn send(&mut self, path: &Path) -> bool {
        if self.board.lock().get(path) == Some(&Answer::Stuck) || !self.hire(path) {
            return false;
        }
        self.board.lock().insert(path.to_owned(), Answer::Awaited);
        self.askers.get(path).is_some_and(|asker| asker.send(()).is_ok())
    }

    fn hire(&mut self, path: &Path) -> bool {
        if self.askers.contains_key(path) {
            return true;
        }
        if self.askers.len() >= MOST_ASKED {
            return false;
        }
        let (sender, questions) = channel();
        let (board, ask, own) = (Arc::clone(&self.board), Arc::clone(&self.ask), path.to_owned());
        let builder = thread::Builder::new()
            .name("disk-space".to_owned())
            .stack_size(STACK_BYTES);
        if let Err(error) = builder.spawn(move || board.serve(&own, &questions, &*ask)) {
            warn!("starting a thread for the file system at {}: {error}", path.display());
            return false;
        }
        self.askers.insert(path.to_owned(), sender);
        true
    }

    /// Waits for those that were asked; who has not answered then is stuck.
    fn wait(&self, asked: &[&PathBuf]) {
        let until = Instant::now() + self.patience;
        let is_awaited =
            |answers: &HashMap<PathBuf, Answer>, path: &&PathBuf| answers.get(path.as_path()) == Some(&Answer::Awaited);
        let mut answers = self.board.lock();
        while asked.iter().any(|path| is_awaited(&answers, path)) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.board.came.wait_timeout(answers, left);
            answers = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        for path in asked {
            if is_awaited(&answers, path) {
                answers.insert(path.to_path_buf(), Answer::Stuck);
                warn!("the file system at {} does not answer", path.display());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(limit: u64) -> Option<Space> {
        Some(Space {
            limit,
            ..Space::default()
        })
    }

    /// Answers the length of a path; for `/stuck` when it is let go.
    fn survey(patience: Duration) -> (Survey, Sender<()>) {
        let (let_go, gate) = channel();
        let gate = Mutex::new(gate);
        let survey = Survey::new(patience, move |path| {
            if path == Path::new("/stuck") {
                gate.lock().unwrap().recv().ok()?;
            }
            space(path.as_os_str().len() as u64)
        });
        (survey, let_go)
    }

    fn paths(paths: &[&str]) -> Vec<PathBuf> {
        paths.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn all_that_answer_are_told_in_order() {
        let (mut survey, _gate) = survey(Duration::from_secs(60));
        assert_eq!(survey.ask(&paths(&["/a", "/bcd"])), [space(2), space(4)]);
        assert_eq!(survey.ask(&paths(&["/bcd"])), [space(4)]);
        assert_eq!(survey.askers.len(), 1);
    }

    #[test]
    fn one_that_is_stuck_holds_up_nobody_and_comes_back() {
        let (mut survey, let_go) = survey(Duration::from_millis(50));
        let both = paths(&["/a", "/stuck"]);
        assert_eq!(survey.ask(&both), [space(2), None]);
        survey.patience = Duration::from_secs(60);
        let began = Instant::now();
        assert_eq!(survey.ask(&both), [space(2), None], "it is not even asked");
        assert!(began.elapsed() < survey.patience);
        let_go.send(()).unwrap();
        while survey.board.lock().get(Path::new("/stuck")) == Some(&Answer::Stuck) {
            thread::yield_now();
        }
        let_go.send(()).unwrap();
        assert_eq!(survey.ask(&both), [space(2), space(6)]);
    }

    #[test]
    fn threads_are_bounded() {
        let (mut survey, _gate) = survey(Duration::from_secs(60));
        let many: Vec<PathBuf> = (0..MOST_ASKED + 5).map(|number| format!("/{number}").into()).collect();
        let answered = survey.ask(&many).iter().flatten().count();
        assert_eq!((answered, survey.askers.len()), (MOST_ASKED, MOST_ASKED));
    }
}
