//! Asks Prometheus on behalf of many panels: not too much at once, and the same question only once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OnceCell, Semaphore};

use crate::prometheus::{Client, Error, Series, Window};

/// At once: each answer is text and figures for a while, and more of them would take memory and no less time.
const AT_ONCE: usize = 4;
/// Of answers that are kept, in bytes.
const KEPT: usize = 4 << 20;
/// How long an answer is as good as new: less than two looks of a person apart.
const FRESH: Duration = Duration::from_secs(10);

type Told = Arc<Vec<Series>>;

/// A question: expression, beginning, end and step in milliseconds. An instant one has no step.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Question {
    expr: String,
    start: i64,
    end: i64,
    step: i64,
}

struct Kept {
    cell: Arc<OnceCell<Told>>,
    since: Instant,
    size: usize,
}

/// Shared by all pages.
pub struct Asker {
    /// Whom it asks.
    pub client: Client,
    /// Between scrapes, in seconds.
    pub scrape_interval: f64,
    places: Semaphore,
    kept: Mutex<HashMap<Question, Kept>>,
}

impl Asker {
    /// Of one Prometheus, which scrapes every so many seconds.
    #[must_use]
    pub fn new(client: Client, scrape_interval: f64) -> Self {
        Self {
            client,
            scrape_interval,
            places: Semaphore::new(AT_ONCE),
            kept: Mutex::default(),
        }
    }

    /// Values over a range, `step` seconds apart; 0 asks for those at its end.
    ///
    /// # Errors
    /// There is no answer; that is not kept.
    pub async fn ask(&self, expr: &str, window: Window, step: f64) -> Result<Told, Error> {
        let millis = |seconds: f64| (seconds * 1000.0).round() as i64;
        let question = Question {
            expr: expr.to_owned(),
            start: if step > 0.0 { millis(window.start) } else { 0 },
            end: millis(window.end),
            step: millis(step),
        };
        let cell = self.cell(&question);
        let told = cell.get_or_try_init(|| self.really(expr, window, step)).await?;
        let told = Arc::clone(told);
        self.settle(&question, &told);
        Ok(told)
    }

    async fn really(&self, expr: &str, window: Window, step: f64) -> Result<Told, Error> {
        // Never closed, so there is always a place in the end.
        let _place = self.places.acquire().await;
        let outcome = if step > 0.0 {
            self.client.query_range(expr, window, step).await?
        } else {
            self.client.query(expr, Some(window.end)).await?
        };
        Ok(Arc::new(outcome.series))
    }

    fn cell(&self, question: &Question) -> Arc<OnceCell<Told>> {
        self.with(|kept| {
            kept.retain(|_, kept| kept.since.elapsed() < FRESH);
            let kept = kept.entry(question.clone()).or_insert_with(|| Kept {
                cell: Arc::default(),
                since: Instant::now(),
                size: 0,
            });
            Arc::clone(&kept.cell)
        })
    }

    /// Forgets the oldest when there is too much.
    fn settle(&self, question: &Question, told: &Told) {
        let size = told.iter().map(Series::size).sum();
        self.with(|kept| {
            if let Some(kept) = kept.get_mut(question) {
                kept.size = size;
            }
            while kept.values().map(|kept| kept.size).sum::<usize>() > KEPT {
                let oldest = kept
                    .iter()
                    .filter(|(_, kept)| kept.size > 0)
                    .min_by_key(|(_, kept)| kept.since);
                let Some(oldest) = oldest.map(|(question, _)| question.clone()) else {
                    break;
                };
                kept.remove(&oldest);
            }
        });
    }

    fn with<T>(&self, with: impl FnOnce(&mut HashMap<Question, Kept>) -> T) -> T {
        with(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
