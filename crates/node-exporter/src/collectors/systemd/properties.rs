//! Properties of the units that are shown: which ones to ask for, and the families made of the answers.

use exposition::{Desc, Encoder};

use super::encode::STATES;
use super::units::Unit;
use super::{SERVICE, text};
use crate::dbus::{Answer, Call, Value};

/// Which families are shown beside the state of units and the figures of sockets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) tasks: bool,
    pub(super) restarts: bool,
    pub(super) start_time: bool,
    pub(super) timers: bool,
}

/// A family that shows a number which each unit of one type has.
struct Column {
    suffix: &'static str,
    interface: &'static str,
    property: &'static str,
    is_shown: fn(Shown) -> bool,
    value: fn(u64) -> Option<f64>,
    desc: Desc<'static>,
}

const SERVICE_TYPE: (&str, &str) = (".service", "org.freedesktop.systemd1.Service");
const MOUNT_TYPE: (&str, &str) = (".mount", "org.freedesktop.systemd1.Mount");
const SOCKET_TYPE: (&str, &str) = (".socket", "org.freedesktop.systemd1.Socket");
const TIMER_TYPE: (&str, &str) = (".timer", "org.freedesktop.systemd1.Timer");

const UNIT_STATE: Desc<'_> = Desc::gauge("node_systemd_unit_state", "Systemd unit", &["name", "state", "type"]);
const START_TIME: Desc<'_> = Desc::gauge(
    "node_systemd_unit_start_time_seconds",
    "Start time of the unit since unix epoch in seconds.",
    NAME,
);
const NAME: &[&str] = &["name"];

const COLUMNS: [Column; 7] = [
    Column::new(
        SERVICE_TYPE,
        "NRestarts",
        |shown| shown.restarts,
        count,
        Desc::counter(
            "node_systemd_service_restart_total",
            "Service unit count of Restart triggers",
            NAME,
        ),
    ),
    Column::new(
        SERVICE_TYPE,
        "TasksCurrent",
        |shown| shown.tasks,
        limit,
        Desc::gauge(
            "node_systemd_unit_tasks_current",
            "Current number of tasks per Systemd unit",
            NAME,
        ),
    ),
    Column::new(
        SERVICE_TYPE,
        "TasksMax",
        |shown| shown.tasks,
        limit,
        Desc::gauge(
            "node_systemd_unit_tasks_max",
            "Maximum number of tasks per Systemd unit",
            NAME,
        ),
    ),
    Column::new(
        SOCKET_TYPE,
        "NAccepted",
        |_| true,
        count,
        Desc::counter(
            "node_systemd_socket_accepted_connections_total",
            "Total number of accepted socket connections",
            NAME,
        ),
    ),
    Column::new(
        SOCKET_TYPE,
        "NConnections",
        |_| true,
        count,
        Desc::gauge(
            "node_systemd_socket_current_connections",
            "Current number of socket connections",
            NAME,
        ),
    ),
    // A gauge for all its name, as upstream has it. Since systemd 239.
    Column::new(
        SOCKET_TYPE,
        "NRefused",
        |_| true,
        count,
        Desc::gauge(
            "node_systemd_socket_refused_connections_total",
            "Total number of refused socket connections",
            NAME,
        ),
    ),
    Column::new(
        TIMER_TYPE,
        "LastTriggerUSec",
        |shown| shown.timers,
        seconds,
        Desc::gauge(
            "node_systemd_timer_last_trigger_seconds",
            "Seconds since epoch of last trigger.",
            NAME,
        ),
    ),
];

impl Column {
    const fn new(
        (suffix, interface): (&'static str, &'static str),
        property: &'static str,
        is_shown: fn(Shown) -> bool,
        value: fn(u64) -> Option<f64>,
        desc: Desc<'static>,
    ) -> Self {
        Self {
            suffix,
            interface,
            property,
            is_shown,
            value,
            desc,
        }
    }

    /// The units that have this property.
    fn units<'a>(&self, units: &'a [Unit<'a>]) -> impl Iterator<Item = &'a Unit<'a>> {
        units.iter().filter(|unit| unit.name.ends_with(self.suffix))
    }
}

fn count(value: u64) -> Option<f64> {
    Some(value as f64)
}

/// systemd says the largest number for no limit, and for a unit without tasks to count.
fn limit(value: u64) -> Option<f64> {
    (value != u64::MAX).then_some(value as f64)
}

fn seconds(micros: u64) -> Option<f64> {
    Some(micros as f64 / 1e6)
}

/// Units and what is shown of them. Questions and samples come in one order, so that an answer needs no name.
pub(super) struct Properties<'a> {
    pub(super) units: &'a [Unit<'a>],
    pub(super) shown: Shown,
}

impl<'a> Properties<'a> {
    /// One call for each property that is shown.
    pub(super) fn questions(&self) -> Vec<Call<'a>> {
        let get = |unit: &Unit<'a>, interface, name| Call::property(SERVICE, unit.path, interface, name);
        let mut calls: Vec<_> = self
            .units
            .iter()
            .filter_map(|unit| Some(get(unit, interface_of_type(unit)?, "Type")))
            .collect();
        if self.shown.start_time {
            let active = self.units.iter().filter(|unit| is_active(unit));
            calls.extend(active.map(|unit| get(unit, "org.freedesktop.systemd1.Unit", "ActiveEnterTimestamp")));
        }
        for column in self.columns() {
            let units = column.units(self.units);
            calls.extend(units.map(|unit| get(unit, column.interface, column.property)));
        }
        calls
    }

    /// The families of these answers. A property that this systemd lacks, or of a unit that went away, is missing alone.
    pub(super) fn encode(&self, answers: &[Answer], out: &mut Encoder) {
        let mut answers = answers.iter();
        self.encode_states(&mut answers, out);
        if self.shown.start_time {
            self.encode_start_times(&mut answers, out);
        }
        for column in self.columns() {
            let mut family = out.family(&column.desc);
            for unit in column.units(self.units) {
                if let Some(value) = number(answers.next()).and_then(column.value) {
                    family.sample(&[unit.name], value);
                }
            }
        }
    }

    fn encode_states<'b>(&self, answers: &mut impl Iterator<Item = &'b Answer>, out: &mut Encoder) {
        let mut family = out.family(&UNIT_STATE);
        for unit in self.units {
            let kind = interface_of_type(unit).and_then(|_| text(answers.next()?));
            for state in STATES {
                let is_in_it = f64::from(u8::from(unit.active_state == state));
                family.sample(&[unit.name, state, kind.unwrap_or_default()], is_in_it);
            }
        }
    }

    /// Units that are not active have 0.
    fn encode_start_times<'b>(&self, answers: &mut impl Iterator<Item = &'b Answer>, out: &mut Encoder) {
        let mut family = out.family(&START_TIME);
        for unit in self.units {
            let micros = if is_active(unit) {
                number(answers.next())
            } else {
                Some(0)
            };
            if let Some(start) = micros.and_then(seconds) {
                family.sample(&[unit.name], start);
            }
        }
    }

    fn columns(&self) -> impl Iterator<Item = &'static Column> {
        let shown = self.shown;
        COLUMNS.iter().filter(move |column| (column.is_shown)(shown))
    }
}

/// The interface that has the `type` of this unit: how a service starts, or the file system of a mount.
fn interface_of_type(unit: &Unit<'_>) -> Option<&'static str> {
    let mut typed = [SERVICE_TYPE, MOUNT_TYPE].into_iter();
    typed.find_map(|(suffix, interface)| unit.name.ends_with(suffix).then_some(interface))
}

fn is_active(unit: &Unit<'_>) -> bool {
    unit.active_state == "active"
}

fn number(answer: Option<&Answer>) -> Option<u64> {
    match answer?.as_ref().ok()?.property() {
        Ok(Value::Number(number)) => Some(number),
        _ => None,
    }
}
