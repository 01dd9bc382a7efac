//! What all scrapes share.

use std::time::Instant;

use crate::connection::{ClientTls, Connection, Patience};
use crate::failure::Failure;
use crate::passwords::Passwords;
use crate::scripts::{self, Script};
use crate::settings::Settings;
use crate::target::{Credentials, Target};
use crate::told::Told;

/// What all scrapes share.
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) passwords: Option<Passwords>,
    pub(crate) tls: ClientTls,
    pub(crate) told: Told,
    pub(crate) scripts: Vec<Script>,
}

impl Context {
    /// Reads the files that the settings name.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub(crate) fn new(settings: Settings) -> Result<Self, Vec<String>> {
        let open = |path: &std::path::PathBuf| Passwords::open(path.clone());
        let passwords = settings.password_file.as_ref().map(open).transpose();
        let passwords = passwords.map_err(|error| format!("--redis.password-file: {error}"));
        let scripts = scripts::read(&settings.scripts);
        match (passwords, ClientTls::new(settings.tls.clone()), scripts) {
            (Ok(passwords), Ok(tls), Ok(scripts)) => Ok(Self {
                settings,
                passwords,
                tls,
                told: Told::default(),
                scripts,
            }),
            (passwords, tls, scripts) => {
                let scripts = scripts.err().into_iter().flatten();
                Err(passwords.err().into_iter().chain(tls.err()).chain(scripts).collect())
            }
        }
    }

    /// Opens a connection as the one who may.
    ///
    /// # Errors
    /// As [`Connection::open`].
    pub(crate) async fn connect(&self, target: &Target, deadline: Instant) -> Result<Connection, Failure> {
        let patience = Patience {
            each: self.settings.connection_timeout,
            deadline,
        };
        Connection::open(target, &self.credentials(target), &self.tls, patience).await
    }

    /// Opens a connection to a node of the same cluster, as the one who may ask `target`.
    ///
    /// # Errors
    /// As [`Connection::open`].
    pub(crate) async fn connect_node(
        &self,
        target: &Target,
        address: &str,
        deadline: Instant,
    ) -> Result<Connection, Failure> {
        let patience = Patience {
            each: self.settings.connection_timeout,
            deadline,
        };
        Connection::open(&target.node(address)?, &self.credentials(target), &self.tls, patience).await
    }

    /// Who asks this target: the address says it first, then the password file, then the flags.
    fn credentials(&self, target: &Target) -> Credentials {
        let own = &target.credentials;
        let flags = &self.settings.credentials;
        let user = own.user.clone().or_else(|| flags.user.clone());
        let of_file = || self.passwords.as_ref()?.of(&target.name_for(user.as_deref()));
        let password = own.password.clone().or_else(of_file).or_else(|| flags.password.clone());
        Credentials { user, password }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::settings;

    #[test]
    fn the_address_says_who_asks_before_the_file_and_the_flags() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = r#"{"redis://a:1": "file", "redis://u@a:1": "users", "redis://f@a:1": "flags"}"#;
        std::fs::write(file.path(), text).unwrap();
        let path = format!("--redis.password-file={}", file.path().display());
        for (args, address, user, password) in [
            (&[][..], "a:1", None, Some("file")),
            (&[], "redis://u@a:1", Some("u"), Some("users")),
            (&[], "redis://u:own@a:1", Some("u"), Some("own")),
            (&[], "redis://b:1", None, None),
            (&["--redis.user=f"], "a:1", Some("f"), Some("flags")),
            (&["--redis.user=f"], "redis://u@a:1", Some("u"), Some("users")),
            (&["--redis.password=p"], "a:1", None, Some("p")),
        ] {
            let args = [&[path.as_str()], args].concat();
            let context = Context::new(settings(&args).ok().unwrap()).ok().unwrap();
            let who = context.credentials(&Target::parse(address).unwrap());
            assert_eq!(
                (who.user.as_deref(), who.password.as_deref()),
                (user, password),
                "{args:?} {address}"
            );
        }
    }
}
