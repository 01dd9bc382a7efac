//! Many containers that come and go. Docker itself takes longer than a minute for so many, so these are real cgroups and a
//! scripted daemon that tells of them.

use std::time::{Duration, Instant};

use private_docker::Cgroup;

use crate::exporter::Exporter;
use crate::scripted::Scripted;

const CONTAINERS: u32 = 500;
const MINUTE: Duration = Duration::from_secs(60);

/// How many there are at a time.
const AT_A_TIME: u32 = 20;

fn id(number: u32) -> String {
    format!("{number:064x}")
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn five_hundred_in_a_minute_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let docker = Scripted::start(folder.path());
    let cgroup = Cgroup::make().unwrap();
    let add = |number: u32| {
        cgroup.add(&id(number)).unwrap();
        docker.add(&id(number), &format!("c{number}"));
    };
    let remove = |number: u32| {
        cgroup.remove(&id(number)).unwrap();
        docker.remove(&id(number));
    };
    let exporter = Exporter::asking(docker.socket());
    // The first ones, after which everything has found its size.
    (0..AT_A_TIME).for_each(add);
    exporter.until_named(&["c0", "c19"]);
    (0..AT_A_TIME).for_each(remove);
    exporter.until("none", |metrics| {
        (!metrics
            .ids()
            .iter()
            .any(|id| id.starts_with(cgroup.path()) && id.len() > 64))
        .then_some(())
    });
    let before = exporter.held();

    let began = Instant::now();
    let (mut scrapes, mut seen) = (0, std::collections::BTreeSet::new());
    for number in 0..CONTAINERS {
        add(AT_A_TIME + number);
        if let Some(old) = number.checked_sub(AT_A_TIME) {
            remove(AT_A_TIME + old);
        }
        if number % 2 == 0 {
            let metrics = exporter.scrape();
            let named = metrics
                .select("container_last_seen", &[])
                .filter_map(|(labels, _)| labels.get("name"));
            seen.extend(named.filter(|name| name.starts_with('c')).cloned());
            scrapes += 1;
        }
        std::thread::sleep((MINUTE * number / CONTAINERS).saturating_sub(began.elapsed()));
    }
    (CONTAINERS - AT_A_TIME..CONTAINERS).for_each(|number| remove(AT_A_TIME + number));
    let took = began.elapsed();
    exporter.until("no stale series", |metrics| {
        let stale = |id: &&str| id.starts_with(cgroup.path()) && id.len() > 64;
        (!metrics.ids().iter().any(stale) && metrics.value("container_scrape_error", &[]) == Some(0.0)).then_some(())
    });
    println!(
        "{CONTAINERS} containers in {took:.0?}, {} of them seen in {scrapes} scrapes: {}",
        seen.len(),
        exporter.nothing_leaked(before, 10)
    );
    assert!(took < MINUTE * 5 / 4, "this machine is too slow for it: {took:?}");
    assert!(
        seen.len() as u32 > CONTAINERS * 9 / 10,
        "only {} were seen by name",
        seen.len()
    );
}
