//! Everything that is measured of the two programs on this host as it is.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

use super::{
    floor::Floor,
    pair::Pair,
    startup::{self, Starts},
    target::{Cost, Target},
};

/// Scrapes before anything is counted: caches, buffers and Go's heap settle.
const WARM_UP: u32 = 50;

/// Of ours and of upstream's.
pub(super) struct Figures {
    pub(super) costs: [Cost; 2],
    pub(super) starts: Starts,
    pub(super) binary_bytes: [u64; 2],
    /// CPU time of only reading the files of a scrape, the mean.
    pub(super) reading: Option<Duration>,
}

impl Figures {
    /// # Errors
    /// A program does not start or does not answer.
    pub(super) async fn measure(pair: &Pair, scrapes: u32, floor: Option<&Floor>) -> Result<Self> {
        let starts = startup::measure(pair)?;
        let [ours, upstream] = &pair.programs;
        let (costs, reading) = scrape(pair.start(&[]).await?, scrapes, floor).await?;
        Ok(Self {
            costs,
            starts,
            binary_bytes: [size(ours)?, size(upstream)?],
            reading,
        })
    }
}

/// Scrapes both and reads the files in turns, so that whatever else the machine does hits all alike.
async fn scrape(
    [mut ours, mut upstream]: [Target; 2],
    scrapes: u32,
    floor: Option<&Floor>,
) -> Result<([Cost; 2], Option<Duration>)> {
    let mut buffer = Vec::new();
    for _ in 0..WARM_UP {
        ours.scrape().await?;
        upstream.scrape().await?;
        floor.map(|floor| floor.read(&mut buffer));
    }
    ours.begin()?;
    upstream.begin()?;
    let mut reading = Duration::ZERO;
    for _ in 0..scrapes {
        ours.scrape().await?;
        upstream.scrape().await?;
        reading += floor.map(|floor| floor.read(&mut buffer)).unwrap_or_default();
    }
    let costs = [ours.cost()?, upstream.cost()?];
    Ok((costs, floor.map(|_| reading / scrapes.max(1))))
}

fn size(program: &std::path::Path) -> Result<u64> {
    let metadata = fs::metadata(program).with_context(|| format!("looking at {}", program.display()))?;
    Ok(metadata.len())
}
