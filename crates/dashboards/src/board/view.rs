//! What of a dashboard is looked at: which time, which values of variables, on how wide a screen.

use std::collections::BTreeSet;

use crate::{
    model::Dashboard,
    prometheus::Window,
    time::Zone,
    variables::{Asked, Bound, Filled, Scope},
};

/// What somebody asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// As Grafana writes it; empty is the dashboard's.
    pub from: String,
    /// As Grafana writes it; empty is the dashboard's.
    pub to: String,
    /// By variable.
    pub variables: Asked,
    /// Rows that are folded in the file, but not here.
    pub open: BTreeSet<u64>,
    /// Of the screen, in pixels.
    pub width: u32,
}

/// What is looked at.
#[derive(Clone, Debug)]
pub struct View {
    /// As Grafana writes it.
    pub from: String,
    /// As Grafana writes it.
    pub to: String,
    /// The same.
    pub window: Window,
    /// In seconds since 1970.
    pub now: f64,
    /// Where days begin.
    pub zone: Zone,
    /// In the order of the file.
    pub variables: Vec<Filled>,
    /// What names stand for.
    pub scope: Scope,
    /// Rows that are folded in the file, but not here.
    pub open: BTreeSet<u64>,
    /// Of the screen, in pixels.
    pub width: u32,
}

impl View {
    /// With the dashboard's own range where none is asked for, or none that can be understood.
    pub(super) fn window(board: &Dashboard, request: &Request, now: f64) -> (String, String, Window, Zone) {
        let zone = Zone::named(&board.timezone);
        let wish = (request.from.as_str(), request.to.as_str());
        let own = (board.time.from.as_str(), board.time.to.as_str());
        for (from, to) in [wish, own, ("now-6h", "now")] {
            let ends = (zone.parse(from, now, false), zone.parse(to, now, true));
            if let (Some(start), Some(end)) = ends
                && end > start
            {
                return (from.to_owned(), to.to_owned(), Window { start, end }, zone);
            }
        }
        let window = Window {
            start: now - 21_600.0,
            end: now,
        };
        ("now-6h".to_owned(), "now".to_owned(), window, zone)
    }

    /// The query of an address that leads here: time and variables.
    #[must_use]
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(self.time_range());
        for filled in &self.variables {
            for value in &filled.chosen {
                query.append_pair(&format!("var-{}", filled.variable.name), value);
            }
        }
        query.finish()
    }

    /// `from=now-6h&to=now`
    pub(super) fn time_range(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("from", &self.from)
            .append_pair("to", &self.to)
            .finish()
    }

    /// What addresses can say besides variables.
    pub(super) fn address_scope(&self) -> Scope {
        let mut scope = self.scope.clone();
        scope.set("__url_time_range", Bound::one(self.time_range()));
        let all = self.query().replacen(&self.time_range(), "", 1);
        scope.set("__all_variables", Bound::one(all.trim_start_matches('&')));
        scope
    }
}
