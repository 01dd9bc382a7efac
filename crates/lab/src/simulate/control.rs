//! Orders to the stack. `lab up` alone touches its services; what was ordered is undone when the connection ends.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

const PATIENCE: Duration = Duration::from_secs(10);

/// Who takes orders about services, such as `stop redis`. Dropping it undoes what was ordered.
pub(super) trait Orders: Send {
    /// # Errors
    /// It is refused.
    fn order(&mut self, order: &str) -> Result<()>;
}

/// A connection to `lab up`.
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
}

impl Orders for Control {
    fn order(&mut self, order: &str) -> Result<()> {
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
