//! The size of the target's dump. From the file itself, which CONFIG GET names: the exporter must be on the target's host.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use exposition::Desc;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::Seen;
use super::session::{Dialogue, Held, Session};

/// The dialogue.
pub(super) const DIALOGUE: Dialogue = Dialogue {
    when: |options, seen| options.rdb_file && seen.told_folder.is_some() && seen.told_dump.is_some(),
    hold,
};

const SIZE: Desc<'_> = Desc::gauge("rdb_current_size_bytes", "Current RDB file size in bytes", &[]);

/// A file system that does not answer in this time is not waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Looks at files at once. Each takes a thread, and where the file system hangs, keeps it.
static LOOKS: Semaphore = Semaphore::const_new(2);

fn hold<'h>(session: &'h mut Session<'_, '_>) -> Held<'h> {
    Box::pin(async move {
        let size = match path(session.seen) {
            Ok(path) => timeout(PATIENCE, look(path))
                .await
                .unwrap_or_else(|_| Err("the file system does not answer".to_owned())),
            Err(why) => Err(why),
        };
        match size {
            Ok(size) => session.out.scalar(&SIZE, size as f64),
            Err(why) => session
                .context
                .told
                .missing(session.target, "rdb_current_size_bytes", &why),
        }
        Ok(())
    })
}

/// Where the dump is. Its name must be one: whoever is asked could send us anywhere else.
fn path(seen: &Seen<'_>) -> Result<PathBuf, String> {
    let folder = seen.told_folder.as_deref().unwrap_or_default();
    let name = seen.told_dump.as_deref().unwrap_or_default();
    if Path::new(name).file_name() != Some(name.as_ref()) {
        return Err(format!("dbfilename is {name:?}, which is no file's name"));
    }
    Ok(Path::new(folder).join(name))
}

/// The size of a file; nothing where there is none yet.
async fn look(path: PathBuf) -> Result<u64, String> {
    let permit = LOOKS.acquire().await.map_err(|error| error.to_string())?;
    let (sender, receiver) = oneshot::channel();
    let look = move || {
        let size = size(&path).map_err(|error| format!("{}: {error}", path.display()));
        drop(permit);
        // Whoever asked may have lost patience.
        drop(sender.send(size));
    };
    let thread = std::thread::Builder::new().name("rdb-file".to_owned());
    thread.spawn(look).map_err(|error| error.to_string())?;
    receiver.await.map_err(|error| error.to_string())?
}

fn size(path: &Path) -> Result<u64, Error> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(metadata.len()),
        Ok(_) => Err(Error::other("not a regular file")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn only_a_plain_name_is_looked_for() {
        for (name, found) in [
            ("dump.rdb", Some("/data/dump.rdb")),
            ("../etc/shadow", None),
            ("/etc/shadow", None),
            ("..", None),
            (".", None),
            ("a/", None),
        ] {
            let mut seen = Seen::new("", SystemTime::UNIX_EPOCH);
            seen.told_folder = Some("/data".to_owned());
            seen.told_dump = Some(name.to_owned());
            assert_eq!(path(&seen).ok().as_deref(), found.map(Path::new), "{name}");
        }
    }

    #[test]
    fn a_dump_that_is_not_there_yet_has_no_size_and_a_folder_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dump.rdb");
        assert_eq!(size(&file).ok(), Some(0));
        std::fs::write(&file, "REDIS0011").unwrap();
        assert_eq!(size(&file).ok(), Some(9));
        assert_eq!(size(folder.path()).unwrap_err().to_string(), "not a regular file");
    }
}
