//! From the file to all that requests and connections need.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::header::{HeaderName, HeaderValue};
use rustls::ServerConfig;

use super::error::{Findings, WebConfigError};
use super::file::{self, WebFile};
use super::files::Files;
use super::rate_limit::RateLimiter;
use super::settings::{self, Settings};
use super::tls;
use super::tls_settings::TlsSettings;
use super::users::Users;

/// A configuration in use.
pub(super) struct Loaded {
    pub(super) tls: Tls,
    pub(super) http2: bool,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) users: Arc<Users>,
    pub(super) limiter: Option<Arc<RateLimiter>>,
    pub(super) warnings: Vec<String>,
}

/// TLS for new connections. A broken certificate stops those; requests on old ones go on, as upstream has it, so
/// that a renewal caught between its two files does no harm.
pub(super) type Tls = Result<Option<Arc<ServerConfig>>, Arc<WebConfigError>>;

/// What cannot change while the server runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixed {
    pub(super) is_tls: bool,
    pub(super) http2: bool,
}

impl Loaded {
    /// What is wrong with the certificates.
    pub(super) fn tls_error(&self) -> Option<&Arc<WebConfigError>> {
        self.tls.as_ref().err()
    }

    /// Keeps what did not change: remembered passwords and the tokens that are left.
    pub(super) fn keep_from(&mut self, before: &Self) {
        if self.users.are_those_of(&before.users) {
            self.users = Arc::clone(&before.users);
        }
        let limit = |loaded: &Self| loaded.limiter.as_ref().map(|limiter| limiter.limit());
        if limit(self) == limit(before) {
            self.limiter = before.limiter.clone();
        }
    }
}

/// Where the configuration is read from.
pub(super) struct Loader {
    path: PathBuf,
    /// What stands in the place of the file's text.
    given: Option<WebFile>,
    fixed: Option<Fixed>,
}

impl Loader {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            given: None,
            fixed: None,
        }
    }

    /// A configuration that stands in no file; the files that it names are read all the same.
    pub(super) fn of_flags(given: WebFile) -> Self {
        Self {
            given: Some(given),
            ..Self::new(Path::new("flags"))
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Holds on to what cannot change from here on.
    pub(super) fn fix(&mut self, fixed: Fixed) {
        self.fixed = Some(fixed);
    }

    /// Reads everything anew.
    ///
    /// # Errors
    /// When the file itself is no good. Broken certificates are told by [`Loaded::tls`].
    pub(super) fn load(&self, files: &mut Files) -> Result<Loaded, WebConfigError> {
        let file = match &self.given {
            Some(given) => given.clone(),
            None => self.read(files)?,
        };
        let mut findings = Findings::default();
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let settings = settings::check(&file, folder, &mut findings);
        let tls = self.tls(settings.tls.as_ref(), settings.http2, files, &mut findings);
        if findings.problems.is_empty() {
            return Ok(self.loaded(settings, tls, findings.warnings));
        }
        findings.problems.extend(tls.err().into_iter().flatten());
        Err(self.error(findings.problems))
    }

    fn read(&self, files: &mut Files) -> Result<WebFile, WebConfigError> {
        let text = files
            .read(&self.path)
            .map_err(|error| self.error(vec![error.to_string()]))?;
        file::parse(&text).map_err(|problem| self.error(vec![problem]))
    }

    fn tls(
        &self,
        settings: Option<&TlsSettings>,
        http2: bool,
        files: &mut Files,
        findings: &mut Findings,
    ) -> Result<Option<Arc<ServerConfig>>, Vec<String>> {
        match (settings, self.fixed) {
            (None, Some(Fixed { is_tls: true, .. })) => {
                let text =
                    "tls_server_config is gone, but the server was started with TLS and keeps to it until a restart";
                Err(vec![text.to_owned()])
            }
            (Some(_), Some(Fixed { is_tls: false, .. })) => {
                findings.warning("tls_server_config is new, and goes unused until a restart");
                Ok(None)
            }
            (None, _) => Ok(None),
            (Some(settings), fixed) => {
                let http2 = fixed.map_or(http2, |fixed| fixed.http2);
                tls::server_config(settings, http2, files).map(Some)
            }
        }
    }

    fn loaded(
        &self,
        settings: Settings,
        tls: Result<Option<Arc<ServerConfig>>, Vec<String>>,
        warnings: Vec<String>,
    ) -> Loaded {
        Loaded {
            tls: tls.map_err(|problems| Arc::new(self.error(problems))),
            http2: settings.http2,
            headers: settings.headers,
            users: Arc::new(settings.users),
            limiter: settings.limit.map(|limit| Arc::new(RateLimiter::new(limit))),
            warnings,
        }
    }

    fn error(&self, problems: Vec<String>) -> WebConfigError {
        WebConfigError::new(&self.path, problems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web_config::testing::{Authority, expected_error, fixtures};

    #[test]
    fn fixtures_are_as_good_or_bad_as_their_names_say() {
        let folder = tempfile::tempdir().unwrap();
        Authority::new("test").write_server_identity(folder.path(), "server");
        std::fs::write(folder.path().join("ca.pem"), Authority::new("ca").pem()).unwrap();
        let mut seen = (0, 0);
        for (name, text) in fixtures() {
            let path = folder.path().join(&name);
            std::fs::write(&path, &text).unwrap();
            let loaded = Loader::new(&path).load(&mut Files::default());
            let error = match &loaded {
                Ok(loaded) => loaded.tls_error().map(ToString::to_string),
                Err(error) => Some(error.to_string()),
            };
            match (expected_error(&text), error) {
                (None, None) if name.ends_with(".good.yml") => seen.0 += 1,
                (Some(expected), Some(error)) if name.ends_with(".bad.yml") => {
                    assert!(error.contains(expected), "{name}: {error}");
                    assert!(error.contains(&name) && !error.contains("hunter2"), "{name}: {error}");
                    seen.1 += 1;
                }
                (expected, error) => panic!("{name}: expected {expected:?}, found {error:?}"),
            }
        }
        assert!(seen.0 > 10 && seen.1 > 20, "fixtures were found: {seen:?}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Loader::new(Path::new("/does/not/exist.yml"))
            .load(&mut Files::default())
            .err()
            .unwrap();
        assert!(
            error
                .to_string()
                .starts_with("web config /does/not/exist.yml: No such file"),
            "{error}"
        );
    }

    #[test]
    fn problems_of_settings_and_of_certificates_come_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.yml");
        let text = "tls_server_config: {cert_file: no.pem, key_file: no.key, client_auth_type: RequireAnyClientCert}\n\
                    rate_limit: {interval: soon}\n";
        std::fs::write(&path, text).unwrap();
        let error = Loader::new(&path).load(&mut Files::default()).err().unwrap();
        assert_eq!(error.problems().len(), 3, "{error}");
    }
}
