//! Units of systemd and its own state, from systemd over D-Bus. Every scrape asks two times: for the list of units, then
//! for all properties that are shown.

mod encode;
mod properties;
mod units;

use std::time::Instant;

use exporter_toolkit::collector::{BuildError, CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::{Flag, Flags};
use exporter_toolkit::go_regex::{self, Expression};
use exposition::Encoder;
use regex::Regex;

use self::properties::{Properties, Shown};
use self::units::Unit;
use crate::context::Context;
use crate::dbus::{Answer, Bus, Call, PATIENCE, Value, told_address};
use crate::filter::regex_flag;

const INCLUDE: &str = "collector.systemd.unit-include";
const EXCLUDE: &str = "collector.systemd.unit-exclude";
const PRIVATE: &str = "collector.systemd.private";
const TASKS: &str = "collector.systemd.enable-task-metrics";
const RESTARTS: &str = "collector.systemd.enable-restarts-metrics";
const START_TIME: &str = "collector.systemd.enable-start-time-metrics";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "systemd",
    enabled_by_default: false,
    flags: &[
        Flag::value(
            INCLUDE,
            ".+",
            "Regexp of systemd units to include. Units must both match include and not match exclude to be included.",
        ),
        Flag::value(
            EXCLUDE,
            r".+\.(automount|device|mount|scope|slice)",
            "Regexp of systemd units to exclude. Units must both match include and not match exclude to be included.",
        ),
        Flag::switch(
            PRIVATE,
            false,
            "Establish a private, direct connection to systemd without dbus (Strongly discouraged since it requires root. \
             For testing purposes only).",
        )
        .hidden(),
        Flag::switch(
            TASKS,
            false,
            "Enables service unit tasks metrics unit_tasks_current and unit_tasks_max",
        ),
        Flag::switch(
            RESTARTS,
            false,
            "Enables service unit metric service_restart_total",
        ),
        Flag::switch(
            START_TIME,
            false,
            "Enables service unit metric unit_start_time_seconds",
        ),
    ],
    build: |context| {
        Ok(Box::new(Systemd::new(context.flags(), told_address().as_deref())?))
    },
};

const SERVICE: &str = "org.freedesktop.systemd1";
const OBJECT: &str = "/org/freedesktop/systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";

/// Since this version systemd tells its state and when timers went off.
const VERSION_OF_STATE: f64 = 212.0;

struct Systemd {
    bus: Bus,
    include: Expression,
    exclude: Expression,
    shown: Shown,
    version_number: Regex,
}

impl Systemd {
    fn new(flags: &Flags, address: Option<&str>) -> Result<Self, BuildError> {
        Ok(Self {
            bus: bus(flags.switch(PRIVATE), address)?,
            include: whole_name(flags, INCLUDE)?,
            exclude: whole_name(flags, EXCLUDE)?,
            shown: Shown {
                tasks: flags.switch(TASKS),
                restarts: flags.switch(RESTARTS),
                start_time: flags.switch(START_TIME),
                timers: true,
            },
            version_number: Regex::new(r"[0-9]{3,}(\.[0-9]+)?")?,
        })
    }

    /// Whether a unit is shown. Masked ones and those that others only mention are not loaded.
    fn shows(&self, unit: &Unit<'_>) -> bool {
        unit.load_state == "loaded" && self.include.is_match(unit.name) && !self.exclude.is_match(unit.name)
    }

    /// The version and the number in it; nothing and 0 when systemd does not tell it or it has none.
    fn version<'a>(&self, answer: &'a Answer) -> (&'a str, f64) {
        let text = text(answer).unwrap_or_default();
        let number = self.version_number.find(text);
        match number.and_then(|number| number.as_str().parse().ok()) {
            Some(number) => (text, number),
            None => ("", 0.0),
        }
    }
}

/// The system's bus. Root can do without one, but whoever names a bus means no other systemd than that one's.
fn bus(private: bool, address: Option<&str>) -> Result<Bus, BuildError> {
    if private {
        return Ok(Bus::systemd()?);
    }
    let bus = Bus::system(address)?;
    if address.is_none() && rustix::process::geteuid().is_root() {
        return Ok(bus.or(Bus::systemd()?));
    }
    Ok(bus)
}

/// A flag's expression, which has to match the whole name.
fn whole_name(flags: &Flags, flag: &str) -> Result<Expression, BuildError> {
    // Alone first, so that no parenthesis of the expression closes ours.
    regex_flag(flags, flag)?;
    go_regex::parse(&format!("^(?:{})$", flags.value(flag))).map_err(|error| format!("--{flag}: {error}").into())
}

impl Collector for Systemd {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let now = Instant::now();
        self.collect_before(out, now.checked_add(PATIENCE).unwrap_or(now))
    }

    fn collect_before(&mut self, out: &mut Encoder, deadline: Instant) -> Result<(), CollectError> {
        let now = Instant::now();
        let deadline = now.checked_add(PATIENCE).unwrap_or(now).min(deadline);
        let [version, virtualization, state, list] = self.ask_manager(deadline)?;
        let (version, number) = self.version(&version);
        encode::version(version, number, out);
        encode::virtualization(text(&virtualization), out);
        let list = list.map_err(|refusal| refusal.of("systemd's units"))?;
        let mut units = units::parse(&list).map_err(CollectError::failed)?;
        encode::summary(&units, out);
        units.retain(|unit| self.shows(unit));
        units.sort_unstable_by_key(|unit| unit.name);
        let has_state = number >= VERSION_OF_STATE;
        if has_state && state.is_ok() {
            encode::running(text(&state) == Some("running"), out);
        }
        self.collect_properties(&units, has_state, out, deadline)?;
        match state {
            Err(refusal) if has_state => Err(refusal.of("systemd's state")),
            _ => Ok(()),
        }
    }
}

impl Systemd {
    /// What systemd says of itself: version, virtualization, state and units.
    fn ask_manager(&mut self, deadline: Instant) -> Result<[Answer; 4], CollectError> {
        let property = |name| Call::property(SERVICE, OBJECT, MANAGER, name);
        let list = Call {
            destination: SERVICE,
            path: OBJECT,
            interface: MANAGER,
            member: "ListUnits",
            arguments: None,
        };
        let questions = [
            property("Version"),
            property("Virtualization"),
            property("SystemState"),
            list,
        ];
        let answers = self.bus.ask(&questions, deadline)?.try_into();
        answers.map_err(|_| CollectError::failed("asking for systemd's units: an answer is missing"))
    }

    /// The families of single units, which must be sorted.
    fn collect_properties(
        &mut self,
        units: &[Unit<'_>],
        has_state: bool,
        out: &mut Encoder,
        deadline: Instant,
    ) -> Result<(), CollectError> {
        let shown = Shown {
            timers: has_state,
            ..self.shown
        };
        let properties = Properties { units, shown };
        let answers = self.bus.ask(&properties.questions(), deadline)?;
        properties.encode(&answers, out);
        Ok(())
    }
}

/// A property that is text.
fn text(answer: &Answer) -> Option<&str> {
    match answer.as_ref().ok()?.property() {
        Ok(Value::Text(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::time::Duration;

    use exposition::{Format, assemble};

    use super::*;
    use crate::dbus::peer::{Held, Host, Mood, Peer, busy};

    const EVERYTHING: [&str; 3] = [TASKS, RESTARTS, START_TIME];

    fn collector(peer: &Peer, args: &[&str]) -> Result<Systemd, BuildError> {
        let args = args.iter().map(|arg| OsString::from(format!("--{arg}")));
        let flags = Flags::parse("x", "", [SPEC.flags], args).unwrap();
        Systemd::new(&flags, Some(&peer.address()))
    }

    fn collect(collector: &mut Systemd, patience: Duration) -> (Result<(), CollectError>, String) {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        let result = collector.collect_before(&mut out, Instant::now() + patience);
        assert!(assemble([&out], &mut text).is_empty());
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter_map(|line| line.strip_prefix("node_systemd_"));
        (result, samples.map(|line| format!("{line}\n")).collect())
    }

    fn samples(host: Host, args: &[&str]) -> String {
        let peer = Peer::start(host, Mood::Answers);
        let (result, text) = collect(&mut collector(&peer, args).unwrap(), Duration::from_secs(60));
        result.unwrap();
        text
    }

    /// The units that have a state.
    fn shown(text: &str) -> Vec<&str> {
        let names = text.lines().filter(|line| line.contains("state=\"failed\""));
        names
            .filter_map(|line| line.strip_prefix("unit_state{name=\"")?.split('"').next())
            .collect()
    }

    #[test]
    fn expressions_match_whole_names_of_loaded_units() {
        for (args, expected) in [
            (&["collector.systemd.unit-include=app"][..], &[][..]),
            (&["collector.systemd.unit-include=app|app.service"], &["app.service"]),
            (&["collector.systemd.unit-include=ma.*|mi.*"], &[]),
            (
                &[
                    "collector.systemd.unit-include=.*(e.timer|y.timer|r.timer|dev-.*)",
                    "collector.systemd.unit-exclude=never.*",
                ],
                &["daily.timer", "dev-sda.device"],
            ),
            (
                &["collector.systemd.unit-exclude=.+(service|socket|timer)"],
                &["basic.target", "data.mount", "dev-sda.device", "system.slice"],
            ),
        ] {
            let text = samples(busy(), args);
            assert_eq!(shown(&text), expected, "{args:?}");
            assert!(
                text.contains("units{state=\"inactive\"} 4\n"),
                "hidden units count: {text}"
            );
        }
    }

    #[test]
    fn only_what_is_shown_is_asked_for_and_the_list_once() {
        let peer = Peer::start(busy(), Mood::Answers);
        let mut collector = collector(&peer, &["collector.systemd.unit-include=app.+|web.+|daily.+"]).unwrap();
        collect(&mut collector, Duration::from_secs(60)).0.unwrap();
        let mut calls = peer.take_calls();
        calls.sort_unstable();
        let expected = [
            "Hello",
            "ListUnits",
            "app_2eservice.Type",
            "daily_2etimer.LastTriggerUSec",
            "systemd1.SystemState",
            "systemd1.Version",
            "systemd1.Virtualization",
            "web_2esocket.NAccepted",
            "web_2esocket.NConnections",
            "web_2esocket.NRefused",
        ];
        assert_eq!(calls, expected);
    }

    #[test]
    fn a_systemd_that_tells_little_of_itself_is_still_one() {
        let tells = |properties: &[(&'static str, Held)]| {
            let host = Host {
                units: vec![["daily.timer", "loaded", "active"]],
                ..Host::default()
            };
            let host = host.with("daily.timer", &[("LastTriggerUSec", Held::U64(1))]);
            let text = samples(host.with("systemd1", properties), &[]);
            let lines = text.lines().filter(|line| !line.starts_with("unit"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(
            tells(&[]),
            [
                "version{version=\"\"} 0",
                "virtualization_info{virtualization_type=\"unknown\"} 1"
            ]
        );
        assert_eq!(
            tells(&[("Version", Held::Text("v99")), ("Virtualization", Held::Text(""))]),
            [
                "version{version=\"\"} 0",
                "virtualization_info{virtualization_type=\"none\"} 1"
            ]
        );
        let old = [
            ("Version", Held::Text("systemd 204")),
            ("SystemState", Held::Text("running")),
        ];
        assert_eq!(tells(&old)[0], "version{version=\"systemd 204\"} 204");
        assert_eq!(tells(&old).len(), 2, "neither state nor timers");
        let new = [
            ("Version", Held::Text("257.7-1")),
            ("SystemState", Held::Text("degraded")),
        ];
        assert_eq!(
            tells(&new),
            [
                "system_running 0",
                "timer_last_trigger_seconds{name=\"daily.timer\"} 1e-06",
                "version{version=\"257.7-1\"} 257.7",
                "virtualization_info{virtualization_type=\"unknown\"} 1",
            ]
        );
    }

    #[test]
    fn a_state_that_is_not_told_is_a_failure_beside_everything_else() {
        let host = busy();
        let state = ("systemd1".to_owned(), "SystemState");
        let mut without = host.clone();
        without.properties.remove(&state).unwrap();
        let peer = Peer::start(without, Mood::Answers);
        let (result, text) = collect(&mut collector(&peer, &EVERYTHING).unwrap(), Duration::from_secs(60));
        let error = result.unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("asking for systemd's state: org.freedesktop."),
            "{error}"
        );
        assert_eq!(text, samples(host, &EVERYTHING).replace("system_running 1\n", ""));
    }

    #[test]
    fn units_that_do_not_answer_in_time_leave_the_summary() {
        let peer = Peer::start(busy(), Mood::KeepsPropertiesBack);
        let (result, text) = collect(&mut collector(&peer, &[]).unwrap(), Duration::from_millis(150));
        assert!(matches!(result, Err(CollectError::Failed(_))));
        assert!(
            text.starts_with("system_running 1\nunits{state=\"activating\"} 1\n"),
            "{text}"
        );
        assert!(text.contains("version{version=\"257.7-1~deb13u1\"} 257.7\n") && shown(&text).is_empty());
    }

    #[test]
    fn a_bus_without_systemd_is_no_data() {
        for (refusal, is_no_data) in [
            ("org.freedesktop.DBus.Error.ServiceUnknown", true),
            ("org.freedesktop.DBus.Error.AccessDenied", false),
        ] {
            let host = Host {
                refusal: Some(refusal),
                ..Host::default()
            };
            let peer = Peer::start(host, Mood::Answers);
            let (result, _) = collect(&mut collector(&peer, &[]).unwrap(), Duration::from_secs(60));
            let error = result.unwrap_err();
            assert!(error.to_string().contains(refusal), "{error}");
            assert_eq!(matches!(error, CollectError::NoData(_)), is_no_data, "{error}");
        }
    }

    #[test]
    fn malformed_expressions_name_their_flag() {
        let peer = Peer::start(Host::default(), Mood::Silent);
        for flag in [INCLUDE, EXCLUDE] {
            for expression in ["(", "a)|(b"] {
                let error = collector(&peer, &[&format!("{flag}={expression}")]).err().unwrap();
                assert!(error.to_string().contains(&format!("--{flag}")), "{error}");
            }
        }
    }
}
