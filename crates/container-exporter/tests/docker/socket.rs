//! A daemon that talks nonsense.

use std::time::Duration;

use crate::exporter::Exporter;
use crate::scripted::{Nonsense, Scripted};

/// A daemon's answer of 100 MB must not become the exporter's memory.
const MOST_GROWTH_KIB: u64 = 16 * 1024;

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn nonsense_on_the_socket_is_an_error_and_nothing_more() {
    for nonsense in [
        Nonsense::Malformed,
        Nonsense::OtherShape,
        Nonsense::NoHttp,
        Nonsense::CutShort,
        Nonsense::Huge,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let docker = Scripted::start(folder.path());
        docker.talk_nonsense(Some(nonsense));
        let exporter = Exporter::asking(docker.socket());
        let before = exporter.held();
        let mut most = 0;
        exporter.until(&format!("the error of {nonsense:?}"), |metrics| {
            most_of(&exporter, before.resident_kib);
            assert!(
                metrics.value("container_last_seen", &[("id", "/")]).is_some(),
                "{nonsense:?}"
            );
            (docker.asked() > 0 && metrics.value("container_scrape_error", &[])? == 1.0).then_some(())
        });
        for _ in 0..10 {
            exporter.scrape();
            most = most.max(most_of(&exporter, before.resident_kib));
            std::thread::sleep(Duration::from_millis(200));
        }
        // It comes to its senses.
        docker.talk_nonsense(None);
        exporter.until(&format!("no error after {nonsense:?}"), |metrics| {
            (metrics.value("container_scrape_error", &[])? == 0.0).then_some(())
        });
        println!(
            "{nonsense:?}: {most} KiB more at most; {:?} -> {:?}",
            before,
            exporter.held()
        );
    }
}

fn most_of(exporter: &Exporter, before: u64) -> u64 {
    let grown = exporter.held().resident_kib.saturating_sub(before);
    assert!(grown < MOST_GROWTH_KIB, "{grown} KiB more");
    grown
}
