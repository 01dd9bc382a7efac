//! What is probed from outside: endpoints that are slow, whose certificates end, and that are too big.

use std::{sync::Arc, time::Duration};

use anyhow::Result;

use crate::simulate::{
    need::Need,
    scenario::{Expected, Scenario, Stage},
    server::{Endpoint, certificate},
    undo::Undo,
    world::World,
};

/// What they have in common.
const fn probed(
    name: &'static str,
    what: &'static str,
    alerts: &'static [Expected],
    begin: fn(&Arc<World>, &mut Undo) -> Result<()>,
) -> Scenario {
    Scenario {
        needs: &[Need::Copy],
        ..Scenario::usual(name, what, alerts, begin)
    }
}

pub(super) const SCENARIOS: [Scenario; 6] = [
    Scenario {
        stage: Stage::Ends,
        lane: "demo-app",
        needs: &[],
        ..probed(
            "app-gone",
            "demo-app ends, and what probes and scrapes it finds nobody",
            &[
                Expected {
                    alert: "TargetDown",
                    labels: &[("job", "demo-app")],
                },
                Expected {
                    alert: "ProbeFailing",
                    labels: &[("job", "probe-http")],
                },
            ],
            |world, undo| world.order(undo, "stop demo-app"),
        )
    },
    probed(
        "slow-endpoint",
        "an endpoint answers after 1.3 s",
        &[Expected::any("ProbeSlow")],
        |world, undo| {
            let slow = Endpoint {
                delay: Duration::from_millis(1300),
                ..Endpoint::plain("ok\n")
            };
            let address = slow.serve(undo, world.here()?)?;
            world.probe(undo, &format!("http://{address}/slow"), &world.prober()?)
        },
    ),
    probed(
        "certificate-ends",
        "an endpoint has a certificate that is valid for ten more days",
        &[Expected::any("ProbeCertificateExpiring")],
        |world, undo| with_certificate(world, undo, 10),
    ),
    probed(
        "certificate-ended",
        "an endpoint has a certificate that ended three days ago",
        &[Expected::any("ProbeCertificateExpired")],
        |world, undo| with_certificate(world, undo, -3),
    ),
    probed(
        "many-samples",
        "a target of a job that may have 1,000 samples has 900",
        &[Expected {
            alert: "TargetNearSampleLimit",
            labels: &[("job", "probe-http")],
        }],
        |world, undo| {
            let samples: String = (0..900)
                .map(|number| format!("lab_drill_sample{{n=\"{number}\"}} 1\n"))
                .collect();
            let address = Endpoint::plain(&samples).serve(undo, world.here()?)?;
            world.probe(undo, "many-samples", &address.to_string())
        },
    ),
    Scenario {
        needs: &[Need::Copy, Need::Signals],
        ..probed(
            "blackbox-reload",
            "blackbox-exporter is told to read a configuration that is none",
            &[Expected::any("BlackboxReloadFailed")],
            |world, undo| world.misread(undo, "blackbox-exporter", world.blackbox_config()),
        )
    },
];

fn with_certificate(world: &Arc<World>, undo: &mut Undo, days: i64) -> Result<()> {
    let endpoint = Endpoint {
        tls: Some(certificate(world.here()?, days)?),
        ..Endpoint::plain("ok\n")
    };
    let address = endpoint.serve(undo, world.here()?)?;
    world.probe(undo, &format!("https://{address}/"), &world.prober()?)
}
