//! Whether an answer may come in the wanted compression at all, by the `Accept-Encoding` that the module sends.

/// Whether `accepted`, the header's value, allows `wanted`. Nothing wanted, or nothing said, is no conflict.
pub(super) fn is_accepted(wanted: &str, accepted: &str) -> bool {
    if wanted.is_empty() || accepted.is_empty() {
        return true;
    }
    let mut codings: Vec<(&str, f32)> = accepted.split(',').map(coding).collect();
    codings.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    codings
        .iter()
        .find(|(name, _)| *name == wanted || *name == "*")
        .is_some_and(|(_, quality)| *quality > 0.0)
}

/// A name and its quality, in thousandths at the finest; what is no number is 0.
fn coding(text: &str) -> (&str, f32) {
    let Some((name, quality)) = text.rsplit_once(';') else {
        return (text.trim(), 1.0);
    };
    let quality = quality.trim();
    let quality: f32 = quality.strip_prefix("q=").unwrap_or(quality).parse().unwrap_or(0.0);
    (name.trim(), (quality * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_coding_that_covers_the_wanted_one_decides() {
        for (wanted, accepted, expected) in [
            ("", "gzip", true),
            ("gzip", "", true),
            ("gzip", "gzip", true),
            ("gzip", "deflate", false),
            ("gzip", "deflate, gzip;q=0.5", true),
            ("br", "gzip, *", true),
            ("br", "gzip, *;q=0.1", true),
            ("br", "gzip, *;q=0.0", false),
            ("br", "br;q=0.0001", false),
            ("br", "br;q=much", false),
            ("br", "*;q=0, gzip; q=1.0 , br; q=0.1", true),
        ] {
            assert_eq!(is_accepted(wanted, accepted), expected, "{wanted:?} {accepted:?}");
        }
    }
}
