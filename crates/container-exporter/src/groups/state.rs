//! What the runtimes say of their containers, stopped ones too: state, how the last run ended, restarts, all labels. cAdvisor
//! has none of it.

use exposition::{Desc, Encoder, Kind};

use super::{Enabled, Group, Row, each};
use crate::container::{Facts, State};
use crate::reader::Reading;

/// The group.
pub(super) const GROUP: Group = Group {
    name: "state",
    default: Enabled::Always,
    read: |_, _| {},
    encode,
};

const STATE: Desc<'_> = Desc::gauge(
    "container_state",
    "1 for the state that the container is in, 0 for all others.",
    &["state"],
);
const EXIT_CODE: Desc<'_> = Desc::gauge(
    "container_exit_code",
    "Exit code of the container's last run, absent while there is none.",
    &[],
);
const RESTARTS: Desc<'_> = Desc::counter(
    "container_restarts_total",
    "Number of times that the container's restart policy started it again.",
    &[],
);
const OOM_KILLED: Desc<'_> = Desc::gauge(
    "container_oom_killed",
    "1 if the kernel ended the container's last run because memory ran out, 0 otherwise.",
    &[],
);
// One series a container, and the only one with all labels where --store_container_labels=false keeps the rest small.
const INFO: Desc<'_> = Desc::new(
    "container_info",
    "A constant 1 with all labels of the container, to be joined with its other series by id.",
    Kind::Info,
    &[],
);

fn encode(reading: &Reading, out: &mut Encoder) {
    encode_state(reading, out);
    let of = |row: &Row, value: fn(&Facts) -> Option<f64>| value(row.container.facts.as_deref()?);
    each(out, &EXIT_CODE, reading, |row| {
        of(row, |facts| Some(facts.exit_code? as f64))
    });
    each(out, &RESTARTS, reading, |row| {
        of(row, |facts| Some(facts.restarts? as f64))
    });
    each(out, &OOM_KILLED, reading, |row| {
        of(row, |facts| Some(number(facts.oom_killed)))
    });
    encode_info(reading, out);
}

fn encode_state(reading: &Reading, out: &mut Encoder) {
    let mut family = out.family(&STATE);
    for row in &reading.rows {
        let Some(facts) = &row.container.facts else {
            continue;
        };
        for state in State::ALL {
            family.sample_in(&row.container.labels, &[state.name()], number(facts.state == state));
        }
    }
}

fn encode_info(reading: &Reading, out: &mut Encoder) {
    let mut family = out.family(&INFO);
    let containers = reading.rows.iter().map(|row| &row.container);
    for container in containers.filter(|container| container.facts.is_some()) {
        let labels = container.all_labels.as_ref().unwrap_or(&container.labels);
        family.sample_in(labels, &[], 1.0);
    }
}

fn number(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::Container;
    use crate::testing::{Tree, reader, samples_of};
    use exposition::LabelBlock;

    #[test]
    fn a_stopped_container_tells_how_it_ended() {
        let tree = Tree::v2();
        let facts = Facts {
            state: State::Exited,
            exit_code: Some(137),
            restarts: Some(3),
            oom_killed: true,
            ..Facts::default()
        };
        let stopped = Container {
            cgroup: None,
            facts: Some(facts.into()),
            all_labels: Some(LabelBlock::new([("id", "/a"), ("container_label_x", "y")])),
            ..tree.container("/a")
        };
        let raw = tree.container("/b");
        let text = samples_of(&reader(&tree, vec![stopped, raw]));
        let expected = r#"container_exit_code{id="/a"} 137
container_info{id="/a",container_label_x="y"} 1
container_oom_events_total{id="/a"} 1
container_oom_killed{id="/a"} 1
container_restarts_total{id="/a"} 3
container_state{id="/a",state="created"} 0
container_state{id="/a",state="dead"} 0
container_state{id="/a",state="exited"} 1
container_state{id="/a",state="paused"} 0
container_state{id="/a",state="removing"} 0
container_state{id="/a",state="restarting"} 0
container_state{id="/a",state="running"} 0
"#;
        let of_a = |line: &&str| line.contains(r#"{id="/a""#);
        let own: String = text.lines().filter(of_a).map(|line| format!("{line}\n")).collect();
        assert_eq!(own, expected);
        assert!(!text.contains(r#"container_state{id="/b""#) && !text.contains(r#"container_info{id="/b""#));
    }

    #[test]
    fn what_the_runtime_does_not_say_is_absent() {
        let tree = Tree::v2();
        let running = Container {
            facts: Some(
                Facts {
                    state: State::Running,
                    ..Facts::default()
                }
                .into(),
            ),
            ..tree.container("/a")
        };
        let text = samples_of(&reader(&tree, vec![running]));
        assert!(text.contains(r#"container_state{id="/a",state="running"} 1"#), "{text}");
        assert!(text.contains(r#"container_info{id="/a"} 1"#), "{text}");
        assert!(text.contains(r#"container_oom_killed{id="/a"} 0"#), "{text}");
        assert!(!text.contains("exit_code") && !text.contains("restarts"), "{text}");
    }
}
