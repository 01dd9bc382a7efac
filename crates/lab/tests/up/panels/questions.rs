//! What dashboards ask, filled in as for a person who opens them, and whether Prometheus answers with anything.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt, fs,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use dashboards::{
    lint::read_boards,
    model::Dashboard,
    prometheus::{Client, Window},
    variables::{Asked as Chosen, Resolution, Scope, builtin, fill, interpolate},
};
use tokio::runtime::{Builder, Runtime};

/// A target of a panel.
pub(super) struct Asked {
    /// Of the dashboard, without its folder.
    pub(super) file: String,
    pub(super) panel: String,
    pub(super) target: String,
    expr: String,
    instant: bool,
    board: Dashboard,
}

impl fmt::Display for Asked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}: {}", self.file, self.panel, self.target)
    }
}

/// All targets of a folder of dashboards.
pub(super) fn of_all(folder: &Path) -> Vec<Asked> {
    let boards = read_boards(folder).expect("dashboards");
    let asked = boards.iter().flat_map(|(file, text)| {
        let board = Dashboard::parse(text).expect("a dashboard");
        let file = file.rsplit('/').next().unwrap_or(file).to_owned();
        let panels: Vec<_> = board.shown().cloned().collect();
        panels.into_iter().flat_map(move |panel| {
            let (file, board) = (file.clone(), board.clone());
            panel.targets.into_iter().map(move |target| Asked {
                file: file.clone(),
                panel: panel.title.clone(),
                target: target.ref_id,
                expr: target.expr,
                instant: target.instant,
                board: board.clone(),
            })
        })
    });
    asked.collect()
}

/// Asks Prometheus.
pub(super) struct Asker {
    runtime: Runtime,
    client: Client,
    /// Each dashboard's variables, filled once a look.
    scopes: RefCell<BTreeMap<String, (f64, Scope)>>,
}

/// What is looked at: long enough for all that the test does.
const RANGE: f64 = 120.0;
/// The scrapes of the test.
const SCRAPES: f64 = 1.0;

impl Asker {
    pub(super) fn new(address: &str) -> Self {
        Self {
            runtime: Builder::new_current_thread().enable_all().build().expect("a runtime"),
            client: Client::new(&format!("http://{address}"), None)
                .expect("an address")
                .limited(Duration::from_secs(20), 16 << 20),
            scopes: RefCell::default(),
        }
    }

    /// Why there is no data; `None`: there is.
    pub(super) fn problem(&self, asked: &Asked) -> Option<String> {
        let window = window();
        let resolution = Resolution::of(window, RANGE, SCRAPES, SCRAPES);
        let expr = interpolate(&asked.expr, &self.scope(asked, window, resolution));
        let answer = if asked.instant {
            self.runtime.block_on(self.client.query(&expr, Some(window.end)))
        } else {
            self.runtime
                .block_on(self.client.query_range(&expr, window, resolution.step))
        };
        match answer {
            Err(error) => Some(error.to_string()),
            Ok(outcome) => {
                let mut points = outcome.series.iter().flat_map(|series| &series.points);
                let has_data = points.any(|point| !point.value.is_nan());
                (!has_data).then(|| format!("nothing for {expr}"))
            }
        }
    }

    /// Whether a query has an answer.
    pub(super) fn has(&self, expr: &str) -> bool {
        let answer = self.runtime.block_on(self.client.query(expr, None));
        answer.is_ok_and(|outcome| !outcome.series.is_empty())
    }

    fn scope(&self, asked: &Asked, window: Window, resolution: Resolution) -> Scope {
        let known = self.scopes.borrow().get(&asked.file).cloned();
        if let Some((at, scope)) = known
            && window.end - at < 2.0
        {
            return scope;
        }
        let variables = &asked.board.templating.list;
        let builtin = builtin(window, resolution);
        let (_, scope) = self
            .runtime
            .block_on(fill(variables, &self.client, window, &Chosen::default(), builtin));
        self.scopes
            .borrow_mut()
            .insert(asked.file.clone(), (window.end, scope.clone()));
        scope
    }
}

fn window() -> Window {
    let end = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs_f64()
        .floor();
    Window {
        start: end - RANGE,
        end,
    }
}

/// The text of a file of the repository.
pub(super) fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("a text file")
}
