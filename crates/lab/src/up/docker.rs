//! Tells whether Docker answers, so that a person is not left to wonder why containers have no names.

use std::os::unix::net::UnixStream;

use anyhow::{Context, Result, ensure};

/// # Errors
/// Nobody listens at `socket`, or not for this user. An empty name asks nobody, which is well.
pub(crate) fn check(socket: &str) -> Result<()> {
    if socket.is_empty() {
        return Ok(());
    }
    let path = socket.strip_prefix("unix://").unwrap_or(socket);
    ensure!(path.starts_with('/'), "--docker {socket}: expected unix:///PATH");
    UnixStream::connect(path).with_context(|| format!("no Docker at {path}"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_socket_counts_when_somebody_listens() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("docker.sock");
        let socket = format!("unix://{}", path.display());
        let error = format!("{:#}", check(&socket).unwrap_err());
        assert!(
            error.starts_with(&format!("no Docker at {}: ", path.display())),
            "{error}"
        );
        let listener = UnixListener::bind(&path).unwrap();
        assert!(check(&socket).is_ok() && check(path.to_str().unwrap()).is_ok());
        drop(listener);
        assert!(check(&socket).is_err());
    }

    #[test]
    fn nobody_is_asked_where_no_socket_is_named() {
        assert!(check("").is_ok());
        assert!(check("docker.sock").is_err());
    }
}
