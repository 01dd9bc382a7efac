//! Orders to `lab up`, which alone touches its services. What was ordered is undone when the connection ends.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

const PATIENCE: Duration = Duration::from_secs(10);

/// A connection.
pub(super) struct Control {
    stream: BufReader<UnixStream>,
}

impl Control {
    /// # Errors
    /// Nobody listens.
    pub(super) fn connect(path: &Path) -> Result<Self> {
        let stream = UnixStream::connect(path).with_context(|| format!("asking lab up at {}", path.display()))?;
        stream.set_read_timeout(Some(PATIENCE)).context("asking lab up")?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// # Errors
    /// It is refused.
    pub(super) fn order(&mut self, order: &str) -> Result<()> {
        let mut answer = String::new();
        self.stream
            .get_mut()
            .write_all(format!("{order}\n").as_bytes())
            .and_then(|()| self.stream.read_line(&mut answer))
            .with_context(|| format!("asking lab up to {order}"))?;
        ensure!(answer == "ok\n", "{order}: {}", answer.trim());
        Ok(())
    }
}
