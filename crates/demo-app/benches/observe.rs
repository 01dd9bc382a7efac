//! What metrics add to a request: one observation in every family, the user's series too.

use std::time::{Duration, UNIX_EPOCH};

use criterion::{Criterion, criterion_group, criterion_main};
use demo_app::{Endpoint, Metrics, Seen, TraceId, Verb};

fn observe(criterion: &mut Criterion) {
    let metrics = Metrics::new().expect("the families have different names");
    let mut seen = Seen {
        endpoint: Endpoint::Users,
        verb: Verb::Get,
        status: "200",
        took: Duration::ZERO,
        since_start: Duration::ZERO,
        at: UNIX_EPOCH,
        trace: TraceId(1),
        user: None,
    };
    for (name, users) in [("a request", 0), ("a request, by user", 1_000)] {
        let mut count: u32 = 0;
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                count = count.wrapping_add(1);
                seen.took = Duration::from_micros(u64::from(count % 100_000));
                seen.user = (users > 0).then(|| count % users);
                metrics.observe(&seen);
            });
        });
    }
}

criterion_group!(benches, observe);
criterion_main!(benches);
