//! The collectors of an exporter, and a scrape of them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use exposition::{Desc, Encoder, Format, Gzip, Order, assemble_again};

use super::crew::Crew;
use super::request::{Answer, Refusal, Request, Scrape};
use super::round::{End, Outcome, Round};
use super::status::{Clashes, Status};
use crate::collector::{CollectError, Collector};
use crate::lead::{LastWords, Lead};

/// The two families that tell how each collector did.
#[derive(Clone, Copy, Debug)]
pub struct ScrapeDescs {
    /// Seconds that a collector took, by `collector`.
    pub duration: Desc<'static>,
    /// 1 for a collector that answered in full, 0 for all others, by `collector`.
    pub success: Desc<'static>,
}

/// Why a request's `collect[]` and `exclude[]` make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// Both were given.
    #[error("Combined collect and exclude queries are not allowed.")]
    Combined,
    /// There is no such collector.
    #[error("Couldn't create filtered metrics handler: couldn't create collector: missing collector: {0}")]
    Missing(String),
    /// The collector is switched off.
    #[error("Couldn't create filtered metrics handler: couldn't create collector: disabled collector: {0}")]
    Disabled(String),
}

/// Collectors that are switched on, in order, and the names of those that are not.
#[derive(Default)]
pub struct RegistryBuilder {
    slots: Vec<Slot>,
    disabled: Vec<&'static str>,
    own: Vec<Slot>,
    descs: Option<ScrapeDescs>,
    has_build_info: bool,
}

impl RegistryBuilder {
    /// Adds a collector that runs at each scrape.
    pub fn collector(&mut self, name: &'static str, collector: Box<dyn Collector>) -> &mut Self {
        self.slots.push(Slot::new(name, collector));
        self
    }

    /// Adds the name of a collector that is switched off, to be told apart from one that does not exist.
    pub fn disabled(&mut self, name: &'static str) -> &mut Self {
        self.disabled.push(name);
        self
    }

    /// Adds metrics of the exporter itself: in every answer, whatever the request selects, and no collector by name.
    pub fn own(&mut self, collector: Box<dyn Collector>) -> &mut Self {
        self.own.push(Slot::new("exporter", collector));
        self
    }

    /// Says that the exporter tells by itself what it was built from, as upstream's program does.
    pub fn with_own_build_info(&mut self) -> &mut Self {
        self.has_build_info = true;
        self
    }

    pub(crate) fn has_build_info(&self) -> bool {
        self.has_build_info
    }

    /// Says how each collector did in these families.
    pub fn descs(&mut self, descs: ScrapeDescs) -> &mut Self {
        self.descs = Some(descs);
        self
    }

    /// The names of the collectors that are switched on, in order.
    pub fn names(&self) -> Vec<&'static str> {
        self.slots.iter().map(|slot| slot.name).collect()
    }

    /// The registry, its threads not started yet.
    pub fn build(self) -> Registry {
        self.build_with(None)
    }

    /// One whose collectors run where the lead is.
    pub(crate) fn build_led(self, lead: Lead) -> Registry {
        self.build_with(Some(lead))
    }

    fn build_with(self, lead: Option<Lead>) -> Registry {
        let inner = Inner {
            builder: self,
            crew: Crew::new("collector", lead),
            output: Mutex::new(Output {
                status: Encoder::new(Format::Text004),
                gzip: Gzip::new(),
                order: Order::default(),
            }),
            clashes: Clashes::default(),
        };
        Registry {
            inner: Arc::new(inner),
            turn: tokio::sync::Mutex::new(()),
        }
    }
}

/// Runs collectors for scrapes: one scrape at a time, each on time.
pub struct Registry {
    inner: Arc<Inner>,
    turn: tokio::sync::Mutex<()>,
}

struct Inner {
    builder: RegistryBuilder,
    crew: Crew,
    output: Mutex<Output>,
    clashes: Clashes,
}

/// A collector, its place empty while it runs.
struct Slot {
    name: &'static str,
    cell: Mutex<Option<Cell>>,
    status: Status,
}

struct Cell {
    collector: Box<dyn Collector>,
    encoder: Encoder,
}

/// What only the thread needs that puts the answer together.
struct Output {
    status: Encoder,
    gzip: Gzip,
    order: Order,
}

impl Registry {
    /// Which collectors a request wants, by `collect[]` and `exclude[]`.
    fn select(&self, request: &Request) -> Result<Vec<usize>, SelectError> {
        let builder = &self.inner.builder;
        let collect: Vec<&str> = request.values("collect[]").collect();
        let exclude: Vec<&str> = request.values("exclude[]").collect();
        if !collect.is_empty() && !exclude.is_empty() {
            return Err(SelectError::Combined);
        }
        for name in &collect {
            if builder.disabled.contains(name) {
                return Err(SelectError::Disabled((*name).to_owned()));
            }
            if !builder.slots.iter().any(|slot| slot.name == *name) {
                return Err(SelectError::Missing((*name).to_owned()));
            }
        }
        let wanted = |name: &str| (collect.is_empty() || collect.contains(&name)) && !exclude.contains(&name);
        Ok((0..builder.slots.len())
            .filter(|index| wanted(builder.slots[*index].name))
            .collect())
    }

    async fn wait(
        &self,
        round: &Arc<Round>,
        mut answer: tokio::sync::oneshot::Receiver<Answer>,
    ) -> Result<Answer, Refusal> {
        let deadline = round.request.deadline;
        self.inner.start(round, 0)?;
        loop {
            let look = round.next_look().unwrap_or(deadline).min(deadline);
            if let Ok(received) = tokio::time::timeout_at(look.into(), &mut answer).await {
                return received.map_err(|_| Refusal::unavailable("the scrape was lost"));
            }
            if Instant::now() >= deadline {
                break;
            }
            if let Some(holder) = round.hand_over() {
                self.inner.start(round, holder)?;
            }
        }
        if round.close() {
            let (inner, closed) = (Arc::clone(&self.inner), Arc::clone(round));
            self.inner
                .crew
                .run(move || inner.answer(&closed))
                .map_err(Refusal::no_thread)?;
        }
        answer.await.map_err(|_| Refusal::unavailable("the scrape was lost"))
    }
}

impl Scrape for Arc<Registry> {
    async fn scrape(&self, request: Request) -> Result<Answer, Refusal> {
        let order = self.select(&request).map_err(|error| Refusal {
            status: 400,
            text: error.to_string(),
        })?;
        let registry = Self::clone(self);
        // A task of its own: when the scraper hangs up, the round still ends in order before the next one begins.
        let task = tokio::spawn(async move {
            let turn = tokio::time::timeout_at(request.deadline.into(), registry.turn.lock()).await;
            let _turn = turn.map_err(|_| Refusal::unavailable("another scrape took all of this one's time"))?;
            let (round, answer) = Round::new(request, order);
            registry.wait(&Arc::new(round), answer).await
        });
        task.await
            .unwrap_or_else(|_| Err(Refusal::unavailable("the scrape was lost")))
    }
}

impl Refusal {
    fn unavailable(text: &str) -> Self {
        Self {
            status: 503,
            text: text.to_owned(),
        }
    }

    fn no_thread(error: std::io::Error) -> Self {
        Self {
            status: 503,
            text: format!("no thread for the collectors: {error}"),
        }
    }
}

impl Inner {
    /// Starts a thread that takes the round's collectors one by one.
    fn start(self: &Arc<Self>, round: &Arc<Round>, holder: u32) -> Result<(), Refusal> {
        let (inner, round) = (Arc::clone(self), Arc::clone(round));
        self.crew
            .run(move || inner.relay(&round, holder))
            .map_err(Refusal::no_thread)
    }

    fn relay(&self, round: &Round, holder: u32) -> Option<LastWords> {
        let mut last = false;
        while let Some((step, collector)) = round.take(holder) {
            let outcome = self.builder.slots[collector].run(round);
            last = round.finish(step, outcome);
        }
        if last || round.is_empty() {
            self.answer(round)
        } else {
            None
        }
    }

    /// Puts together what the collectors wrote and delivers it.
    fn answer(&self, round: &Round) -> Option<LastWords> {
        let outcomes = round.take_outcomes();
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        for (collector, outcome) in &outcomes {
            let slot = &self.builder.slots[*collector];
            slot.status.update(slot.name, &outcome.end);
        }
        for own in &self.builder.own {
            let outcome = own.run(round);
            own.status.update(own.name, &outcome.end);
        }
        self.write_status(&mut output.status, round, &outcomes);
        let (mut order, mut gzip) = (std::mem::take(&mut output.order), std::mem::take(&mut output.gzip));
        let collectors = outcomes
            .iter()
            .filter(|(_, outcome)| outcome.end.left_metrics())
            .map(|(index, _)| *index);
        let slots = collectors
            .map(|index| &self.builder.slots[index])
            .chain(&self.builder.own);
        let cells: Vec<(&str, MutexGuard<'_, Option<Cell>>)> = slots.map(|slot| (slot.name, slot.lock())).collect();
        let parts = cells
            .iter()
            .filter_map(|(name, cell)| cell.as_ref().map(|cell| (*name, &cell.encoder)));
        let parts: Vec<(&str, &Encoder)> = parts.chain([("exporter", &output.status)]).collect();
        let encoders = parts.iter().map(|(_, encoder)| *encoder);
        let mut body = Vec::new();
        let rejected = if round.request.gzip {
            gzip.assemble_again(encoders, &mut order, &mut body)
        } else {
            assemble_again(encoders, &mut order, &mut body)
        };
        for one in &rejected {
            self.clashes
                .report(one, parts.get(one.part).map_or("", |(name, _)| name));
        }
        let rejected = rejected.len();
        drop(parts);
        drop(cells);
        (output.order, output.gzip) = (order, gzip);
        round.deliver(Answer { body, rejected })
    }

    fn write_status(&self, encoder: &mut Encoder, round: &Round, outcomes: &[(usize, Outcome)]) {
        encoder.reset(round.request.format, round.request.escaping);
        let Some(descs) = &self.builder.descs else { return };
        let name = |index: &usize| self.builder.slots[*index].name;
        let mut family = encoder.family(&descs.duration);
        for (index, outcome) in outcomes {
            family.sample(&[name(index)], outcome.took.as_secs_f64());
        }
        let mut family = encoder.family(&descs.success);
        for (index, outcome) in outcomes {
            family.sample(&[name(index)], f64::from(u8::from(matches!(outcome.end, End::Done))));
        }
    }
}

impl End {
    /// Whether the collector's buffer holds what it wrote for this scrape.
    fn left_metrics(&self) -> bool {
        matches!(self, End::Done | End::NoData(_) | End::Failed(_))
    }
}

impl Slot {
    fn new(name: &'static str, collector: Box<dyn Collector>) -> Self {
        let cell = Cell {
            collector,
            encoder: Encoder::new(Format::Text004),
        };
        Self {
            name,
            cell: Mutex::new(Some(cell)),
            status: Status::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Cell>> {
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, round: &Round) -> Outcome {
        let started = Instant::now();
        // The guard must not live on through the match: the run may take for ever.
        let taken = self.lock().take();
        let end = match taken {
            None => End::StillRunning,
            Some(mut cell) => {
                let end = cell.run(round);
                *self.lock() = Some(cell);
                end
            }
        };
        Outcome {
            took: started.elapsed(),
            end,
        }
    }
}

impl Cell {
    fn run(&mut self, round: &Round) -> End {
        self.encoder.reset(round.request.format, round.request.escaping);
        let run = AssertUnwindSafe(|| {
            self.collector
                .collect_before(&mut self.encoder, round.collector_deadline())
        });
        match catch_unwind(run) {
            Ok(Ok(())) => End::Done,
            Ok(Err(CollectError::NoData(why))) => End::NoData(why),
            Ok(Err(CollectError::Failed(error))) => End::Failed(error),
            Err(panic) => {
                self.encoder.reset(round.request.format, round.request.escaping);
                End::Panicked(panic_text(panic.as_ref()))
            }
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
