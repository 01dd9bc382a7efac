//! A look at the files: what they say now, and one line in the log for each change of state.

use std::sync::Arc;

use log::{error, info, warn};

use super::error::WebConfigError;
use super::files::Files;
use super::load::{Fixed, Loaded, Loader};

/// The configuration as of the last look.
pub(super) type Current = Result<Arc<Loaded>, Arc<WebConfigError>>;

/// Looks at the files. Lives on the worker's thread.
pub(super) struct Looker {
    loader: Loader,
    files: Files,
    current: Current,
    last_good: Arc<Loaded>,
}

/// What a look found to be different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// The file cannot be used: no request is answered.
    Broken,
    /// The certificates cannot be used: no new connection is taken.
    CertificatesBroken,
    /// All is well again.
    Mended,
    /// All is well and different.
    Other,
}

impl Looker {
    /// The first reading, which must be good.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn start(loader: Loader) -> Result<(Self, Arc<Loaded>), WebConfigError> {
        let mut files = Files::default();
        let loaded = Arc::new(loader.load(&mut files)?);
        if let Some(error) = loaded.tls_error() {
            return Err(WebConfigError::clone(error));
        }
        let looker = Self {
            loader,
            files,
            current: Ok(Arc::clone(&loaded)),
            last_good: Arc::clone(&loaded),
        };
        looker.log_warnings();
        Ok((looker, loaded))
    }

    /// Holds on to what cannot change from here on.
    pub(super) fn fix(&mut self, fixed: Fixed) {
        self.loader.fix(fixed);
    }

    /// Reads again what was touched.
    pub(super) fn look(&mut self) -> Current {
        if !self.files.are_untouched() {
            self.read();
        }
        self.current.clone()
    }

    fn read(&mut self) {
        let mut files = Files::default();
        let read = self.loader.load(&mut files);
        let is_same = files.have_content_of(&self.files);
        self.files = files;
        if !is_same {
            self.adopt(read);
        }
    }

    fn adopt(&mut self, read: Result<Loaded, WebConfigError>) {
        let current = match read {
            Ok(mut loaded) => {
                loaded.keep_from(&self.last_good);
                self.last_good = Arc::new(loaded);
                Ok(Arc::clone(&self.last_good))
            }
            Err(error) => Err(Arc::new(error)),
        };
        let before = std::mem::replace(&mut self.current, current);
        if let Some(change) = change(&before, &self.current) {
            self.log(change);
        }
    }

    fn log(&self, change: Change) {
        let file = self.loader.path().display();
        let why = complaint(&self.current).map(ToString::to_string).unwrap_or_default();
        match change {
            Change::Broken => error!(err:% = why; "web config is broken, every request is refused until it is mended"),
            Change::CertificatesBroken => {
                error!(err:% = why; "web config is broken, new connections are refused until it is mended");
            }
            Change::Mended => info!(file:% = file; "web config is mended"),
            Change::Other => info!(file:% = file; "web config has changed"),
        }
        self.log_warnings();
    }

    fn log_warnings(&self) {
        let warnings = self.current.iter().flat_map(|loaded| &loaded.warnings);
        for warning in warnings {
            warn!(file:% = self.loader.path().display(); "web config: {warning}");
        }
    }
}

/// What there is to say. The same fault in a file that changed otherwise is no news.
fn change(before: &Current, after: &Current) -> Option<Change> {
    match (complaint(before), complaint(after)) {
        (Some(was), Some(is)) if was == is => None,
        (_, Some(_)) if after.is_err() => Some(Change::Broken),
        (_, Some(_)) => Some(Change::CertificatesBroken),
        (Some(_), None) => Some(Change::Mended),
        (None, None) => Some(Change::Other),
    }
}

/// What is wrong with the file or with the certificates.
fn complaint(current: &Current) -> Option<&Arc<WebConfigError>> {
    match current {
        Ok(loaded) => loaded.tls_error(),
        Err(error) => Some(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web_config::testing::{Authority, Folder};

    /// The changes that were found while the file had these texts one after the other.
    fn changes(folder: &Folder, texts: &[&str]) -> Vec<Option<Change>> {
        let (first, rest) = texts.split_first().unwrap();
        folder.write(first);
        let (mut looker, _) = Looker::start(Loader::new(&folder.file())).unwrap();
        let mut found = vec![];
        for text in rest {
            folder.write(text);
            let before = looker.current.clone();
            let after = looker.look();
            let is_same = match (&before, &after) {
                (Ok(before), Ok(after)) => Arc::ptr_eq(before, after),
                (Err(before), Err(after)) => Arc::ptr_eq(before, after),
                _ => false,
            };
            found.push(if is_same { None } else { change(&before, &after) });
        }
        found
    }

    #[test]
    fn every_change_is_told_once() {
        let texts = ["", "a: 1", "a: 1", "a: 1 ", "b: 1", "", "", "rate_limit:"];
        let expected = [
            Some(Change::Broken),
            None,
            None,
            Some(Change::Broken),
            Some(Change::Mended),
            None,
            Some(Change::Other),
        ];
        assert_eq!(changes(&Folder::new(), &texts), expected);
    }

    #[test]
    fn broken_certificates_are_told_apart() {
        let folder = Folder::new();
        Authority::new("ca").write_server_identity(folder.path(), "server");
        let good = "tls_server_config: {cert_file: server.pem, key_file: server.key}";
        let bad = "tls_server_config: {cert_file: server.pem, key_file: absent.key}";
        let expected = [
            Some(Change::CertificatesBroken),
            Some(Change::Broken),
            Some(Change::CertificatesBroken),
        ];
        assert_eq!(changes(&folder, &[good, bad, "a: 1", bad]), expected);
    }
}
