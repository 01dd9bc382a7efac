//! How the cost of a scrape grows with the size of something on the host.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{pair::Pair, target::Target};

/// How long both are scraped at one size: small sizes many times, large ones few.
const BUDGET: Duration = Duration::from_secs(4);

/// However long they take.
const FEWEST: u32 = 4;

const WARM_UP: u32 = 3;

/// The cost at several sizes.
pub(super) struct Curve {
    /// What the sizes are of, where it needs saying.
    pub(super) note: String,
    pub(super) points: Vec<Point>,
}

/// CPU time of a scrape at one size, of ours and of upstream's.
#[derive(Debug, PartialEq)]
pub(super) struct Point {
    pub(super) size: u32,
    pub(super) cpu_a_scrape: [Duration; 2],
}

impl Point {
    /// Starts both and scrapes them in turns.
    ///
    /// # Errors
    /// One does not start or does not answer.
    pub(super) async fn measure(pair: &Pair, flags: &[String], size: u32) -> Result<Self> {
        let [mut ours, mut upstream] = pair.start(flags).await?;
        for _ in 0..WARM_UP {
            in_turns(&mut ours, &mut upstream).await?;
        }
        ours.begin()?;
        upstream.begin()?;
        let (began, mut scrapes) = (Instant::now(), 0);
        while scrapes < FEWEST || began.elapsed() < BUDGET {
            in_turns(&mut ours, &mut upstream).await?;
            scrapes += 1;
        }
        Ok(Self {
            size,
            cpu_a_scrape: [ours.cost()?.cpu_a_scrape, upstream.cost()?.cpu_a_scrape],
        })
    }

    /// As one line, for the lab outside to read.
    pub(super) fn to_line(&self) -> String {
        let [ours, upstream] = self.cpu_a_scrape.map(|cpu| cpu.as_nanos());
        format!("{} {ours} {upstream}\n", self.size)
    }

    /// What [`Point::to_line`] wrote.
    ///
    /// # Errors
    /// It is no such line.
    pub(super) fn from_line(line: &str) -> Result<Self> {
        let numbers: Option<Vec<u64>> = line.split(' ').map(|number| number.parse().ok()).collect();
        let Some([size, ours, upstream]) = numbers.as_deref() else {
            anyhow::bail!("expected 3 numbers, found {line:?}");
        };
        Ok(Self {
            size: u32::try_from(*size).with_context(|| format!("a size in {line:?}"))?,
            cpu_a_scrape: [ours, upstream].map(|nanos| Duration::from_nanos(*nanos)),
        })
    }
}

async fn in_turns(ours: &mut Target, upstream: &mut Target) -> Result<()> {
    ours.scrape().await?;
    upstream.scrape().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_comes_back_from_its_line() {
        let point = Point {
            size: 200,
            cpu_a_scrape: [Duration::from_micros(1500), Duration::from_secs(2)],
        };
        assert_eq!(Point::from_line(point.to_line().trim_end()).unwrap(), point);
        for odd in ["", "1 2", "1 2 3 4", "1 2 x", "5000000000 1 1"] {
            assert!(Point::from_line(odd).is_err(), "{odd}");
        }
    }
}
