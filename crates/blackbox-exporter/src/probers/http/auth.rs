//! Who a request says it is: `basic_auth`, `authorization`, bearer tokens; and the headers of `http_headers`.

use hyper::header::{HeaderName, HeaderValue};

use super::target::basic;
use crate::config::HttpModule;
use crate::failure::{Failure, Reason, Step};
use crate::probers::files;

/// The value of an Authorization header as the module has it; `None` if it has none, or gets a token first.
///
/// # Errors
/// When a file cannot be read, or what it holds fits in no header.
pub(super) fn authorization(module: &HttpModule) -> Result<Option<HeaderValue>, Failure> {
    let text = if let Some(auth) = &module.basic_auth {
        let user = files::secret(&auth.username, &auth.username_file)?;
        let password = files::secret(&auth.password.0, &auth.password_file)?;
        basic(&user, &password)
    } else if !module.bearer_token.is_empty() || !module.bearer_token_file.is_empty() {
        format!(
            "Bearer {}",
            files::secret(&module.bearer_token.0, &module.bearer_token_file)?
        )
    } else if let Some(auth) = &module.authorization {
        let kind = if auth.kind.is_empty() { "Bearer" } else { &auth.kind };
        format!("{kind} {}", files::secret(&auth.credentials.0, &auth.credentials_file)?)
    } else {
        return Ok(None);
    };
    secret_value(&text).map(Some)
}

/// A header of `http_headers`.
#[derive(Debug)]
pub(super) struct Extra {
    /// Its name.
    pub(super) name: HeaderName,
    /// One of its values, marked as sensitive if it is a secret.
    pub(super) value: HeaderValue,
}

/// The headers of `http_headers`, in order.
///
/// # Errors
/// When a file cannot be read, or a name or value fits in no header.
pub(super) fn extra_headers(module: &HttpModule) -> Result<Vec<Extra>, Failure> {
    let mut extras = Vec::new();
    for (name, header) in &module.http_headers {
        let name = header_name(name)?;
        let plain = header.values.iter().map(|text| value(text));
        let secrets = header.secrets.iter().map(|secret| secret_value(&secret.0));
        let files = header.files.iter().map(|path| secret_value(&files::secret("", path)?));
        for value in plain.chain(secrets).chain(files) {
            extras.push(Extra {
                name: name.clone(),
                value: value?,
            });
        }
    }
    Ok(extras)
}

/// A header's name.
///
/// # Errors
/// When it is none.
pub(super) fn header_name(name: &str) -> Result<HeaderName, Failure> {
    let wrong = |_| {
        Failure::new(
            Step::Prepare,
            Reason::BadModule,
            format!("invalid header name {name:?}"),
        )
    };
    HeaderName::from_bytes(name.as_bytes()).map_err(wrong)
}

/// A header's value. The error does not tell it: it may be secret.
///
/// # Errors
/// When it is none.
pub(super) fn value(text: &str) -> Result<HeaderValue, Failure> {
    let wrong = |_| {
        Failure::new(
            Step::Prepare,
            Reason::BadModule,
            "a header's value holds a control character",
        )
    };
    HeaderValue::from_bytes(text.as_bytes()).map_err(wrong)
}

/// A header's value that is never shown.
///
/// # Errors
/// When it is none.
pub(super) fn secret_value(text: &str) -> Result<HeaderValue, Failure> {
    let mut value = value(text)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Authorization, BasicAuth, HttpHeader, Secret};

    fn secret(text: &str) -> Secret {
        Secret(text.to_owned())
    }

    #[test]
    fn each_way_to_say_who_we_are_becomes_a_header() {
        let none = HttpModule::default();
        let basic = BasicAuth {
            username: "u".to_owned(),
            password: secret("p"),
            ..BasicAuth::default()
        };
        let token = Authorization {
            credentials: secret("t"),
            ..Authorization::default()
        };
        let other = Authorization {
            kind: "Token".to_owned(),
            credentials: secret("t"),
            ..Authorization::default()
        };
        let cases = [
            (none.clone(), None),
            (
                HttpModule {
                    basic_auth: Some(basic),
                    ..none.clone()
                },
                Some("Basic dTpw"),
            ),
            (
                HttpModule {
                    authorization: Some(token),
                    ..none.clone()
                },
                Some("Bearer t"),
            ),
            (
                HttpModule {
                    authorization: Some(other),
                    ..none.clone()
                },
                Some("Token t"),
            ),
            (
                HttpModule {
                    bearer_token: secret("b"),
                    ..none.clone()
                },
                Some("Bearer b"),
            ),
        ];
        for (module, expected) in cases {
            let value = authorization(&module).expect("no file is read");
            assert_eq!(value.as_ref().map(|value| value.to_str().expect("text")), expected);
            assert!(value.is_none_or(|value| value.is_sensitive()));
        }
    }

    #[test]
    fn a_token_that_fits_in_no_header_is_not_told() {
        let module = HttpModule {
            bearer_token: secret("line\nbreak"),
            ..HttpModule::default()
        };
        let failure = authorization(&module).expect_err("it does not fit");
        assert_eq!(failure.reason, Reason::BadModule);
        assert!(!failure.text.contains("line"));
    }

    #[test]
    fn extra_headers_keep_their_order_and_their_secrets() {
        let header = HttpHeader {
            values: vec!["1".to_owned(), "2".to_owned()],
            secrets: vec![secret("3")],
            files: vec![],
        };
        let module = HttpModule {
            http_headers: [("X-A".to_owned(), header)].into(),
            ..HttpModule::default()
        };
        let extras = extra_headers(&module).expect("they fit");
        let told: Vec<_> = extras
            .iter()
            .map(|extra| (extra.value.to_str().expect("text"), extra.value.is_sensitive()))
            .collect();
        assert_eq!(told, [("1", false), ("2", false), ("3", true)]);
    }
}
