//! Times as people say them: ranges such as `now-6h`, ticks at round times, stamps in a time zone.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::{RoundMode, Timestamp, Unit, Zoned, ZonedRound, civil::DateTime, tz::TimeZone};

use crate::{prometheus::Window, variables::parse_duration};

/// Where a day begins.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

/// In seconds since 1970.
#[must_use]
pub fn now() -> f64 {
    // Before 1970 nothing is monitored.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

impl Zone {
    /// By a dashboard's word for it: `utc`, or a name of the time zone database; else this machine's.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(match name {
            "utc" | "UTC" => TimeZone::UTC,
            "" | "browser" => TimeZone::system(),
            name => TimeZone::get(name).unwrap_or_else(|_| TimeZone::system()),
        })
    }

    /// One without summer time.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    fn at(&self, time: f64) -> Option<Zoned> {
        let moment = Timestamp::from_millisecond((time * 1000.0) as i64).ok()?;
        Some(moment.to_zoned(self.0.clone()))
    }

    /// As the pattern says; strftime's letters.
    #[must_use]
    pub fn format(&self, time: f64, pattern: &str) -> String {
        let moment = self.at(time);
        moment.map_or_else(|| time.to_string(), |moment| moment.strftime(pattern).to_string())
    }

    /// `2026-01-02 03:04:05`
    #[must_use]
    pub fn stamp(&self, time: f64) -> String {
        self.format(time, "%Y-%m-%d %H:%M:%S")
    }

    /// Seconds east of Greenwich.
    #[must_use]
    pub fn offset(&self, time: f64) -> f64 {
        self.at(time).map_or(0.0, |moment| f64::from(moment.offset().seconds()))
    }

    /// A time as Grafana writes it in addresses and files: `now`, `now-6h`, `now-1d/d`, milliseconds since 1970, or a date.
    /// In seconds since 1970. `end`: `/d` goes to the end of the day.
    #[must_use]
    pub fn parse(&self, text: &str, now: f64, end: bool) -> Option<f64> {
        let text = text.trim();
        match text.strip_prefix("now") {
            Some(rest) => self.relative(rest, now, end),
            None => text
                .parse::<f64>()
                .ok()
                .map(|millis| millis / 1000.0)
                .or_else(|| self.date(text)),
        }
    }

    /// After `now`.
    fn relative(&self, rest: &str, now: f64, end: bool) -> Option<f64> {
        let (distance, round) = match rest.split_once('/') {
            Some((distance, unit)) => (distance, Some(unit)),
            None => (rest, None),
        };
        let signed = |sign: char| distance.strip_prefix(sign).map(parse_duration);
        let time = match (signed('-'), signed('+')) {
            (Some(back), _) => now - back?,
            (_, Some(on)) => now + on?,
            _ if distance.is_empty() => now,
            _ => return None,
        };
        match round {
            None => Some(time),
            Some(unit) => self.rounded(time, unit, end),
        }
    }

    fn rounded(&self, time: f64, unit: &str, end: bool) -> Option<f64> {
        let moment = self.at(time)?;
        let begin = match unit {
            "m" => moment.round(truncated(Unit::Minute)),
            "h" => moment.round(truncated(Unit::Hour)),
            _ => moment.start_of_day(),
        };
        let begin = match unit {
            "m" | "h" | "d" => begin.ok()?,
            "w" => {
                let days = i64::from(moment.weekday().to_monday_zero_offset());
                begin.ok()?.checked_sub(jiff::Span::new().days(days)).ok()?
            }
            "M" => moment.first_of_month().ok()?.start_of_day().ok()?,
            "y" => moment.first_of_year().ok()?.start_of_day().ok()?,
            _ => return None,
        };
        let span = jiff::Span::new();
        let span = match unit {
            _ if !end => span,
            "m" => span.minutes(1),
            "h" => span.hours(1),
            "d" => span.days(1),
            "w" => span.weeks(1),
            "M" => span.months(1),
            _ => span.years(1),
        };
        let moment = begin.checked_add(span).ok()?;
        Some(moment.timestamp().as_second() as f64)
    }

    /// With a zone, or in this one.
    fn date(&self, text: &str) -> Option<f64> {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Some(moment.as_millisecond() as f64 / 1000.0);
        }
        let moment: DateTime = text.parse().ok()?;
        let moment = moment.to_zoned(self.0.clone()).ok()?;
        Some(moment.timestamp().as_millisecond() as f64 / 1000.0)
    }

    /// Round times with their texts, at most `most` of them.
    #[must_use]
    pub fn ticks(&self, window: Window, most: usize) -> Vec<(f64, String)> {
        const STEPS: [f64; 21] = [
            1.0,
            5.0,
            10.0,
            15.0,
            30.0,
            60.0,
            120.0,
            300.0,
            600.0,
            900.0,
            1800.0,
            3600.0,
            7200.0,
            10_800.0,
            21_600.0,
            43_200.0,
            86_400.0,
            172_800.0,
            604_800.0,
            2_592_000.0,
            31_536_000.0,
        ];
        let range = window.end - window.start;
        let step = STEPS.into_iter().find(|step| range / step <= most.max(1) as f64);
        let step = step.unwrap_or(range);
        let pattern = match step {
            _ if range < 60.0 * 5.0 && step < 60.0 => "%H:%M:%S",
            step if step < 60.0 => "%H:%M:%S",
            step if step < 86_400.0 && range <= 86_400.0 * 1.5 => "%H:%M",
            step if step < 86_400.0 => "%b %-d %H:%M",
            _ => "%b %-d",
        };
        let offset = self.offset(window.start);
        let first = ((window.start + offset) / step).ceil() * step - offset;
        let times = (0..=most * 2).map(|index| first + index as f64 * step);
        times
            .take_while(|time| *time <= window.end)
            .map(|time| (time, self.format(time, pattern)))
            .collect()
    }
}

fn truncated(unit: Unit) -> ZonedRound {
    ZonedRound::new().smallest(unit).mode(RoundMode::Trunc)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-02 03:04:05 UTC, a Friday.
    const NOW: f64 = 1_767_323_045.0;

    #[test]
    fn times_are_read_as_grafana_writes_them() {
        let table = [
            ("now", false, Some(NOW)),
            ("now-6h", false, Some(NOW - 21_600.0)),
            ("now+5m", false, Some(NOW + 300.0)),
            ("now/d", false, Some(1_767_312_000.0)),
            ("now/d", true, Some(1_767_398_400.0)),
            ("now-1d/d", false, Some(1_767_225_600.0)),
            ("now/w", false, Some(1_766_966_400.0)),
            ("now/M", false, Some(1_767_225_600.0)),
            ("now/h", true, Some(1_767_326_400.0)),
            ("1767323045000", false, Some(NOW)),
            ("2026-01-02T03:04:05Z", false, Some(NOW)),
            ("2026-01-02 03:04:05", false, Some(NOW)),
            ("2026-01-02T03:04", false, Some(NOW - 5.0)),
            ("yesterday", false, None),
            ("now-x", false, None),
            ("now-1d/x", false, None),
        ];
        for (text, end, time) in table {
            assert_eq!(Zone::utc().parse(text, NOW, end), time, "{text} {end}");
        }
    }

    #[test]
    fn ticks_are_round_and_not_too_many() {
        let texts = |start: f64, range: f64, most| {
            let window = Window {
                start,
                end: start + range,
            };
            let ticks = Zone::utc().ticks(window, most);
            ticks.into_iter().map(|(_, text)| text).collect::<Vec<_>>()
        };
        assert_eq!(texts(NOW, 3600.0, 4), ["03:15", "03:30", "03:45", "04:00"]);
        assert_eq!(
            texts(NOW, 60.0, 6),
            ["03:04:10", "03:04:20", "03:04:30", "03:04:40", "03:04:50", "03:05:00"]
        );
        assert_eq!(texts(NOW, 86_400.0 * 3.0, 4), ["Jan 3", "Jan 4", "Jan 5"]);
        assert_eq!(texts(NOW, 86_400.0 * 2.0, 5)[0], "Jan 2 12:00");
    }
}
