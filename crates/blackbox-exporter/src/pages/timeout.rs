//! How long a probe may take: as long as its module says, and less than its scraper waits.

use std::time::Duration;

/// The scrape timeout of a scraper that names none, in seconds.
const UNSPECIFIED: f64 = 120.0;

/// A scraper that waits longer than this does not wait for us.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The time for a probe by the value of `X-Prometheus-Scrape-Timeout-Seconds`, the module's timeout (zero for none) and
/// `--timeout-offset`.
///
/// # Errors
/// When the header is no number.
pub(super) fn timeout(header: Option<&str>, module: Duration, offset: Duration) -> Result<Duration, String> {
    let scrape = match header.filter(|text| !text.is_empty()) {
        Some(text) => text
            .parse()
            .map_err(|_| format!("strconv.ParseFloat: parsing {text:?}: invalid syntax"))?,
        None => 0.0,
    };
    let scrape = if scrape == 0.0 { UNSPECIFIED } else { scrape };
    let (most, module) = (scrape - offset.as_secs_f64(), module.as_secs_f64());
    let seconds = if (0.0 < module && module < most) || most < 0.0 {
        module
    } else {
        most
    };
    // What is no time at all is over at once.
    Ok(Duration::from_secs_f64(seconds.max(0.0).min(LONGEST.as_secs_f64())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_decides_unless_the_scraper_gives_up_sooner() {
        for (header, module, expected) in [
            (None, 0, 119_500),
            (None, 5_000, 5_000),
            (Some(""), 0, 119_500),
            (Some("0"), 0, 119_500),
            (Some("10"), 0, 9_500),
            (Some("10"), 5_000, 5_000),
            (Some("10"), 9_500, 9_500),
            (Some("10"), 60_000, 9_500),
            (Some("1e1"), 0, 9_500),
            (Some("0.5"), 5_000, 0),
            (Some("0.25"), 5_000, 5_000),
            (Some("0.25"), 0, 0),
            (Some("-1"), 3_000, 3_000),
            (Some("NaN"), 3_000, 0),
            (Some("inf"), 0, 86_400_000),
        ] {
            let timeout = timeout(header, Duration::from_millis(module), Duration::from_millis(500));
            assert_eq!(timeout, Ok(Duration::from_millis(expected)), "{header:?} {module}");
        }
    }

    #[test]
    fn a_header_that_is_no_number_is_refused_in_upstreams_words() {
        let error = timeout(Some("abc"), Duration::ZERO, Duration::ZERO);
        assert_eq!(
            error,
            Err("strconv.ParseFloat: parsing \"abc\": invalid syntax".to_owned())
        );
    }
}
