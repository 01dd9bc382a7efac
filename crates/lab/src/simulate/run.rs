//! Runs scenarios: stage after stage, the lanes of a stage beside each other.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, bail};

use super::{
    board::{Board, InVain, Note, Seen},
    report::{Outcome, Times},
    scenario::{Expected, Scenario, Stage, Undone},
    undo::Undo,
    world::World,
};

/// Where lines for people go.
pub(super) type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// For each step of a drill: the longest takes three minutes. Of the real rules it is the factor more.
const PATIENCE: Duration = Duration::from_secs(240);
/// Between two scrapes, really; in a drill it is a second.
const SCRAPE: Duration = Duration::from_secs(15);
/// Whatever is missing then, its alert does not come, and that is said.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);
/// Of the real rules.
const LONGEST: Duration = Duration::from_secs(4 * 3600);

/// What became of each, in the order given.
pub(super) fn stages(
    world: &Arc<World>,
    board: &Arc<Board>,
    chosen: &[&'static Scenario],
    tell: &Tell,
) -> Vec<Outcome> {
    let run = Run {
        world: Arc::clone(world),
        board: Arc::clone(board),
        tell: Arc::clone(tell),
        began: Instant::now(),
        patience: PATIENCE.max((PATIENCE * (60 / world.factor().max(1))).min(LONGEST)),
        outcomes: Mutex::default(),
    };
    run.settle();
    for stage in Stage::ALL {
        let of_stage = chosen.iter().filter(|scenario| scenario.stage == stage);
        let mut lanes: BTreeMap<&str, Vec<&'static Scenario>> = BTreeMap::new();
        for scenario in of_stage {
            let lane = if stage == Stage::Alone { "" } else { scenario.lane };
            lanes.entry(lane).or_default().push(scenario);
        }
        thread::scope(|scope| {
            for (lane, scenarios) in lanes {
                let run = &run;
                let work = move || scenarios.into_iter().for_each(|scenario| run.outcome_of(scenario));
                if let Err(error) = thread::Builder::new().name(lane.to_owned()).spawn_scoped(scope, work) {
                    (run.tell)(&format!("no thread for {lane}: {error}\n"));
                }
            }
        });
    }
    let outcomes = run.outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    let place = |outcome: &Outcome| chosen.iter().position(|scenario| scenario.name == outcome.scenario);
    let mut outcomes = outcomes;
    outcomes.sort_by_key(place);
    outcomes
}

struct Run {
    world: Arc<World>,
    board: Arc<Board>,
    tell: Tell,
    began: Instant,
    patience: Duration,
    outcomes: Mutex<Vec<Outcome>>,
}

impl Run {
    /// Waits until there are some samples: what happens before is no increase.
    fn settle(&self) {
        let deadline = Instant::now() + SETTLED_WITHIN;
        while !self.world.has_history() && Instant::now() < deadline && self.world.rest(Duration::from_secs(1)).is_ok()
        {
        }
    }

    fn outcome_of(&self, scenario: &'static Scenario) {
        let stopped = || self.board.is_stopped().then(|| "stopped".to_owned());
        let lacking = scenario
            .needs
            .iter()
            .find_map(|need| self.world.lacks(*need))
            .or_else(stopped);
        let outcome = match lacking {
            Some(reason) => {
                self.say(scenario, &format!("left out: {reason}"));
                Outcome::skipped(scenario, reason)
            }
            None => self.carry_out(scenario),
        };
        self.outcomes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(outcome);
    }

    fn carry_out(&self, scenario: &'static Scenario) -> Outcome {
        let mut course = Course::new(scenario);
        let outcome = self.play(&mut course);
        if let Err(error) = &outcome {
            self.say(scenario, &format!("FAILED: {error:#}"));
        }
        let failed = outcome.err().map(|error| format!("{error:#}"));
        Outcome::of(scenario, course.times(), failed)
    }

    fn play(&self, course: &mut Course) -> Result<()> {
        let scenario = course.scenario;
        let quiet = |seen: &Seen| !fires(scenario, seen);
        self.wait(quiet).context("it fires already, for another reason")?;
        let mut undo = Undo::default();
        self.say(scenario, scenario.what);
        course.began = Some((Instant::now(), SystemTime::now()));
        (scenario.begin)(&self.world, &mut undo)?;
        if scenario.undone == Undone::Away {
            return self.watchdog(course, undo);
        }
        match scenario.undone {
            Undone::After(scrapes) => {
                let real = SCRAPE * scrapes;
                self.until(
                    (real / self.world.factor()).max(Duration::from_secs(scrapes.into())),
                    course,
                )?;
            }
            Undone::Firing => self.see(course, Track::is_firing)?,
            Undone::Told | Undone::Away => self.see(course, Track::is_told)?,
        }
        course.undone = Some((Instant::now(), SystemTime::now()));
        undo.now().context("undoing it")?;
        self.say(scenario, "undone");
        self.see(course, Track::is_told)?;
        self.see(course, Track::is_over)
    }

    /// The one alert whose absence is the news.
    fn watchdog(&self, course: &mut Course, undo: Undo) -> Result<()> {
        self.wait(|seen| seen.watchdog == "away")?;
        course.note_watchdog(true);
        self.say(course.scenario, "Watchdog stays away, and that is told");
        course.undone = Some((Instant::now(), SystemTime::now()));
        undo.now().context("undoing it")?;
        self.wait(|seen| seen.watchdog == "coming")?;
        course.note_watchdog(false);
        self.say(course.scenario, "Watchdog comes again");
        Ok(())
    }

    /// Looks for as long as this.
    fn until(&self, time: Duration, course: &mut Course) -> Result<()> {
        let looked = self.board.wait(time, |seen| {
            self.look(course, seen);
            false
        });
        match looked {
            Err(InVain::Stopped) => bail!("stopped"),
            _ => Ok(()),
        }
    }

    /// Looks until all its alerts are so far.
    fn see(&self, course: &mut Course, so_far: fn(&Track) -> bool) -> Result<()> {
        let waited = self.board.wait(self.patience, |seen| {
            self.look(course, seen);
            course.tracks.iter().all(so_far)
        });
        self.explained(waited).with_context(|| {
            let waiting = course.tracks.iter().filter(|track| !so_far(track));
            waiting.map(ToString::to_string).collect::<Vec<_>>().join(", ")
        })
    }

    fn look(&self, course: &mut Course, seen: &Seen) {
        for news in course.look(seen) {
            self.say(course.scenario, &news);
        }
    }

    fn wait(&self, is_it: impl FnMut(&Seen) -> bool) -> Result<()> {
        self.explained(self.board.wait(self.patience, is_it))
    }

    fn explained(&self, waited: Result<(), InVain>) -> Result<()> {
        match waited {
            Ok(()) => Ok(()),
            Err(InVain::Late) => bail!("waited for {} s", self.patience.as_secs()),
            Err(InVain::Stopped) => bail!("stopped"),
        }
    }

    fn say(&self, scenario: &Scenario, what: &str) {
        let at = self.began.elapsed().as_secs_f64();
        (self.tell)(&format!("{at:7.1} s  {:<22} {what}\n", scenario.name));
    }
}

/// What only waits may go on waiting.
fn fires(scenario: &Scenario, seen: &Seen) -> bool {
    let is_one = |expected: &Expected| {
        let mut firing = seen.alerts.iter().filter(|alert| alert.firing);
        firing.any(|alert| expected.is(&alert.labels))
    };
    scenario.undone != Undone::Away && scenario.alerts.iter().any(is_one)
}

/// How far a scenario is.
struct Course {
    scenario: &'static Scenario,
    began: Option<(Instant, SystemTime)>,
    undone: Option<(Instant, SystemTime)>,
    tracks: Vec<Track>,
}

/// How far an alert is.
struct Track {
    expected: &'static Expected,
    job: String,
    summary: String,
    pending: Option<Instant>,
    firing: Option<Instant>,
    told: Option<SystemTime>,
    cleared: Option<Instant>,
    told_over: Option<SystemTime>,
}

impl Track {
    fn is_firing(&self) -> bool {
        self.firing.is_some()
    }

    fn is_told(&self) -> bool {
        self.firing.is_some() && self.told.is_some()
    }

    fn is_over(&self) -> bool {
        self.cleared.is_some() && self.told_over.is_some()
    }
}

impl fmt::Display for Track {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = match self {
            Self {
                firing: None,
                pending: None,
                ..
            } => "is not pending",
            Self { firing: None, .. } => "does not fire",
            Self { told: None, .. } => "was not told",
            Self { cleared: None, .. } => "has not cleared",
            Self { told_over: None, .. } => "was not told to be over",
            _ => "is over",
        };
        write!(out, "{} {missing}", self.expected.alert)
    }
}

impl Course {
    fn new(scenario: &'static Scenario) -> Self {
        let track = |expected: &'static Expected| Track {
            expected,
            job: String::new(),
            summary: String::new(),
            pending: None,
            firing: None,
            told: None,
            cleared: None,
            told_over: None,
        };
        Self {
            scenario,
            began: None,
            undone: None,
            tracks: scenario.alerts.iter().map(track).collect(),
        }
    }

    /// What is new.
    fn look(&mut self, seen: &Seen) -> Vec<String> {
        let Some((_, began)) = self.began else {
            return Vec::new();
        };
        let undone = self.undone.map(|(_, undone)| undone);
        self.tracks
            .iter_mut()
            .flat_map(|track| track.look(seen, began, undone))
            .collect()
    }

    fn note_watchdog(&mut self, away: bool) {
        for track in &mut self.tracks {
            if away {
                (track.firing, track.told) = (Some(Instant::now()), Some(SystemTime::now()));
            } else {
                (track.cleared, track.told_over) = (Some(Instant::now()), Some(SystemTime::now()));
            }
        }
    }

    fn times(&self) -> Vec<Times> {
        let since = |from: Option<Instant>, at: Option<Instant>| Some(at?.saturating_duration_since(from?));
        let clock = |from: Option<SystemTime>, at: Option<SystemTime>| at?.duration_since(from?).ok();
        let times = |track: &Track| Times {
            alert: track.expected.alert,
            pending: since(self.began.map(|began| began.0), track.pending),
            firing: since(self.began.map(|began| began.0), track.firing),
            told: clock(self.began.map(|began| began.1), track.told),
            cleared: since(self.undone.map(|undone| undone.0), track.cleared),
            told_over: clock(self.undone.map(|undone| undone.1), track.told_over),
        };
        self.tracks.iter().map(times).collect()
    }
}

impl Track {
    fn look(&mut self, seen: &Seen, began: SystemTime, undone: Option<SystemTime>) -> Vec<String> {
        let mut news = Vec::new();
        let now = Instant::now();
        let name = self.expected.alert;
        let found = || seen.alerts.iter().filter(|alert| self.expected.is(&alert.labels));
        let (is_pending, fires) = (found().any(|alert| !alert.firing), found().find(|alert| alert.firing));
        if self.pending.is_none() && self.firing.is_none() && is_pending {
            self.pending = Some(now);
            news.push(format!("{name} PENDING"));
        }
        if let (None, Some(alert)) = (self.firing, fires) {
            self.firing = Some(now);
            self.job = alert.labels.get("job").cloned().unwrap_or_default();
            self.summary.clone_from(&alert.summary);
            news.push(format!("{name} FIRING"));
        }
        let is_idle = fires.is_none();
        let told = |firing: bool, after: SystemTime| {
            // Others of its group may fire on.
            let says = |note: &&Note| note.firing == firing || !firing && note.over.contains(&self.summary);
            let mut notes = seen.notes.iter().filter(|note| note.at >= after).filter(says);
            notes.find(|note| note.alert == name && (note.job.is_empty() || note.job == self.job))
        };
        if self.firing.is_some() && self.told.is_none() {
            self.told = told(true, began).map(|note| note.at);
            if self.told.is_some() {
                news.push(format!("{name} told"));
            }
        }
        let Some(undone) = undone else { return news };
        if self.firing.is_some() && self.cleared.is_none() && is_idle {
            self.cleared = Some(now);
            news.push(format!("{name} RESOLVED"));
        }
        if let (Some(_), None, Some(was_told)) = (self.cleared, self.told_over, self.told) {
            // What was told before it fired again is not its end.
            self.told_over = told(false, undone.max(was_told)).map(|note| note.at);
            if self.told_over.is_some() {
                news.push(format!("{name} told to be over"));
            }
        }
        news
    }
}
