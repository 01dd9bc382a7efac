//! Nothing is allocated for a sample: once the buffers have grown, a scrape of 10,000 samples allocates what a scrape of
//! 100 does.

use exposition::{Desc, Encoder, Escaping, Format, Order, assemble_again};

const DESC: Desc<'_> = Desc::gauge("requests", "Requests.", &["code", "device", "instance", "method"]);

fn rows(count: usize) -> Vec<([String; 4], f64)> {
    let row = |i: usize| {
        let labels = [
            "200".into(),
            format!("eth{i:05}"),
            "a \"host\"\\:9100\n".into(),
            "GET".into(),
        ];
        (labels, i as f64 * 0.137)
    };
    (0..count).map(row).collect()
}

fn write(encoder: &mut Encoder, rows: &[([String; 4], f64)], format: Format) {
    encoder.reset(format, Escaping::Underscores);
    let mut family = encoder.family(&DESC);
    for (labels, value) in rows {
        let [code, device, instance, method] = labels;
        family.sample(&[code.as_str(), device, instance, method], *value);
    }
}

fn join(encoder: &Encoder, order: &mut Order, out: &mut Vec<u8>) {
    out.clear();
    assert!(assemble_again([encoder], order, out).is_empty());
}

#[test]
fn samples_allocate_nothing_once_the_buffers_have_grown() {
    let (many, few) = (rows(10_000), rows(100));
    for format in Format::ALL {
        let (mut encoder, mut out) = (Encoder::new(format), Vec::new());
        write(&mut encoder, &many, format);
        let mut order = Order::default();
        join(&encoder, &mut order, &mut out);
        let mut measure = |rows| {
            let written = allocation_counter::measure(|| write(&mut encoder, rows, format));
            let joined = allocation_counter::measure(|| join(&encoder, &mut order, &mut out));
            assert!(out.len() > rows.len() * 30, "{format:?}: {} bytes", out.len());
            (written.count_total, joined.count_total)
        };
        let (written, joined) = measure(&many);
        assert_eq!(written, 0, "{format:?}");
        // The lists of the families, which a scrape makes anew.
        assert!(joined <= 2, "{format:?}: {joined}");
        assert_eq!(measure(&few), (written, joined), "{format:?}");
    }
}
