//! A web configuration that flags say, of programs whose upstream has flags for TLS and a password and no file.

use std::collections::BTreeMap;

use super::file::{Secret, TlsSection, WebFile};

/// The work that a hash is to be. The password is in this process anyway, and whoever guesses has to ask us.
const COST: u32 = 4;

/// More of a password does not go into a hash.
const LONGEST: usize = 72;

/// TLS and the one user that flags tell of.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Our certificate and its key.
    pub identity: Option<(String, String)>,
    /// Who may sign clients' certificates; without it they need none.
    pub client_ca_file: Option<String>,
    /// The lowest version, such as `TLS12`.
    pub min_version: Option<String>,
    /// Who may come in; everybody, where there is no one.
    pub user: Option<GivenUser>,
}

/// A user, and a hash of the password.
#[derive(Clone, Debug)]
pub struct GivenUser {
    name: String,
    hash: Secret,
}

impl GivenUser {
    /// Whose password has this bcrypt hash.
    pub fn with_hash(name: &str, hash: &str) -> Self {
        Self {
            name: name.to_owned(),
            hash: Secret(hash.to_owned()),
        }
    }

    /// Who has this password.
    ///
    /// # Errors
    /// When it is too long, or the system has no random numbers.
    pub fn with_password(name: &str, password: &str) -> Result<Self, String> {
        if password.len() > LONGEST {
            return Err(format!("the password is longer than {LONGEST} bytes"));
        }
        let hash = bcrypt::hash(password, COST).map_err(|error| error.to_string())?;
        Ok(Self::with_hash(name, &hash))
    }
}

impl Given {
    /// The file that says the same.
    pub(super) fn into_file(self) -> WebFile {
        let tls = self.identity.map(|(cert, key)| TlsSection {
            cert_file: Some(cert),
            key_file: Some(key),
            client_auth_type: self
                .client_ca_file
                .as_ref()
                .map(|_| "RequireAndVerifyClientCert".to_owned()),
            client_ca_file: self.client_ca_file,
            min_version: self.min_version,
            ..TlsSection::default()
        });
        let user = self.user.map(|user| BTreeMap::from([(user.name, Some(user.hash))]));
        WebFile {
            tls_server_config: tls,
            basic_auth_users: user,
            ..WebFile::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web_config::{Admission, WebConfig};
    use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};

    /// The status of a request with these credentials in base64; `None` when it is admitted.
    async fn status(config: &WebConfig, credentials: &str) -> Option<u16> {
        let value = HeaderValue::from_str(&format!("Basic {credentials}")).unwrap();
        match config.admit(&HeaderMap::from_iter([(AUTHORIZATION, value)])).await {
            Admission::Admitted { .. } => None,
            Admission::Rejected { status, .. } => Some(status.as_u16()),
        }
    }

    #[tokio::test]
    async fn the_user_of_the_flags_and_nobody_else_comes_in() {
        let user = Some(GivenUser::with_password("alice", "hunter2").unwrap());
        let given = Given {
            user,
            ..Given::default()
        };
        assert!(!format!("{given:?}").contains("$2"));
        let config = WebConfig::given(given).unwrap();
        assert!(!config.is_tls());
        assert_eq!(status(&config, "YWxpY2U6aHVudGVyMg==").await, None);
        assert_eq!(status(&config, "YWxpY2U6aHVudGVyMw==").await, Some(401));
    }

    #[test]
    fn certificates_that_cannot_be_read_are_named() {
        let given = Given {
            identity: Some(("/no/cert.pem".to_owned(), "/no/key.pem".to_owned())),
            ..Given::default()
        };
        let error = WebConfig::given(given).unwrap_err().to_string();
        assert!(
            error.contains("/no/cert.pem") && error.contains("/no/key.pem"),
            "{error}"
        );
    }

    #[test]
    fn a_password_that_is_cut_off_would_let_others_in() {
        assert!(GivenUser::with_password("alice", &"x".repeat(73)).is_err());
        assert!(GivenUser::with_password("alice", &"x".repeat(72)).is_ok());
    }
}
