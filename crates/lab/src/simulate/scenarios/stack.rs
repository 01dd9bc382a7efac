//! Prometheus and Alertmanager themselves, and the way from one to the other and to people.

use std::sync::Arc;

use anyhow::Result;

use super::past;
use crate::simulate::{
    http,
    need::Need,
    scenario::{Expected, Scenario, Stage, Undone},
    server::Endpoint,
    undo::Undo,
    world::{World, put},
};

/// What they have in common.
const fn stack(
    name: &'static str,
    what: &'static str,
    alerts: &'static [Expected],
    begin: fn(&Arc<World>, &mut Undo) -> Result<()>,
) -> Scenario {
    Scenario {
        // They reload it.
        lane: "prometheus",
        needs: &[Need::Copy, Need::Signals],
        ..Scenario::usual(name, what, alerts, begin)
    }
}

pub(super) const SCENARIOS: [Scenario; 10] = [
    Scenario {
        lane: "storage",
        needs: &[Need::Signals],
        // Nothing is seen before, since nothing is stored.
        undone: Undone::After(3),
        ..stack(
            "prometheus-storage",
            "Prometheus' files cannot grow any further, for a moment, as on a full disk",
            &[Expected::any("PrometheusStorageFailing")],
            |world, undo| world.order(undo, "limit-files prometheus 1000"),
        )
    },
    stack(
        "prometheus-reload",
        "Prometheus is told to read a configuration that is none",
        &[Expected::any("PrometheusReloadFailed")],
        |world, undo| world.misread(undo, "prometheus", world.prometheus_config()),
    ),
    stack(
        "prometheus-rule-fails",
        "a rule matches what is there twice",
        &[Expected::any("PrometheusRuleFailing")],
        |world, undo| with_rule(world, undo, "5s", "up * on () up"),
    ),
    stack(
        "prometheus-rules-late",
        "a group of rules takes longer than its interval",
        &[Expected::any("PrometheusRulesLate")],
        |world, undo| with_rule(world, undo, "5ms", &[r#"count({__name__=~".+"})"#; 4].join(" + ")),
    ),
    Scenario {
        lane: "series-doubled",
        needs: &[Need::Copy, Need::Past],
        ..stack(
            "series-doubled",
            "a target has three times the series that it had a day of the drill ago",
            &[Expected {
                alert: "TargetSeriesDoubled",
                labels: &[("instance", past::INSTANCE)],
            }],
            past::double,
        )
    },
    Scenario {
        // Nobody else would see anything.
        stage: Stage::Alone,
        needs: &[Need::Signals],
        ..stack(
            "prometheus-disk-full",
            "Prometheus' files cannot grow any further, for so long that nothing it has is new",
            &[Expected::any("PrometheusStoresNothing")],
            |world, undo| world.order(undo, "limit-files prometheus 1000"),
        )
    },
    Scenario {
        stage: Stage::Alone,
        ..stack(
            "alertmanager-reload",
            "Alertmanager is told to read a configuration that is none",
            &[Expected::any("AlertmanagerReloadFailed")],
            |world, undo| world.misread(undo, "alertmanager", world.alertmanager_config()),
        )
    },
    Scenario {
        stage: Stage::Alone,
        needs: &[Need::Copy],
        undone: Undone::Firing,
        ..stack(
            "slack-refuses",
            "Slack no longer knows the URL that notifications go to",
            &[Expected::any("AlertmanagerNotificationsFailing")],
            refuse,
        )
    },
    Scenario {
        stage: Stage::Alone,
        needs: &[],
        undone: Undone::Firing,
        ..stack(
            "alertmanager-gone",
            "Alertmanager ends",
            &[Expected::any("AlertmanagerDown")],
            |world, undo| world.order(undo, "stop alertmanager"),
        )
    },
    Scenario {
        stage: Stage::Alone,
        needs: &[],
        undone: Undone::Away,
        ..stack(
            "prometheus-gone",
            "Prometheus ends, and nobody would be told of anything",
            &[Expected::any("Watchdog")],
            |world, undo| world.order(undo, "stop prometheus"),
        )
    },
];

/// Adds a group of one rule until it is undone.
fn with_rule(world: &Arc<World>, undo: &mut Undo, interval: &str, expr: &str) -> Result<()> {
    let path = world.prometheus_config().with_file_name("rules/drill.yml");
    let text = format!(
        "groups:\n  - name: drill\n    interval: {interval}\n    rules:\n      - record: lab:drill:result\n        expr: {expr}\n"
    );
    let again = Arc::clone(world);
    undo.by(move || again.reload("prometheus"));
    put(&path, &text)?;
    undo.by(move || Ok(std::fs::remove_file(&path)?));
    world.reload("prometheus")
}

/// What Slack answers for a webhook that was taken back; something fires meanwhile, so that there is something to say.
fn refuse(world: &Arc<World>, undo: &mut Undo) -> Result<()> {
    let gone = Endpoint {
        status: "404 Not Found",
        ..Endpoint::plain("no_service\n")
    };
    let address = gone.serve(undo, world.here()?)?;
    let file = world.alertmanager_config().with_file_name("slack_url");
    world.change(undo, &file, |_| format!("http://{address}/services/none"))?;
    let app = world.address("demo-app")?;
    http::post(app, "/admin/settings", "cpu_mode=high")?;
    undo.by(move || http::post(app, "/admin/settings", "cpu_mode=random"));
    Ok(())
}
