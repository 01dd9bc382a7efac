//! Basic authentication as RFC 7617 has it, read as strictly as Go's `Request.BasicAuth` does.

use hyper::header::{AUTHORIZATION, HeaderMap};

/// What a client says it is. Holds a password: not to be printed.
#[derive(PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) user: Vec<u8>,
    pub(super) password: Vec<u8>,
}

/// The credentials in the first `Authorization` header; `None` when there is none, or it is no good.
pub(super) fn credentials(headers: &HeaderMap) -> Option<Credentials> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, encoded) = value.split_at_checked("Basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let mut user = decode(encoded)?;
    let colon = user.iter().position(|byte| *byte == b':')?;
    let password = user.split_off(colon + 1);
    user.truncate(colon);
    Some(Credentials { user, password })
}

/// Base64 with its padding.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"="));
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0);
    for digit in digits.unwrap_or(text) {
        bits = bits << 6 | sextet(*digit)?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Some(bytes)
}

fn sextet(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn read(value: &str) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        let found = credentials(&headers)?;
        Some((
            String::from_utf8(found.user).unwrap(),
            String::from_utf8(found.password).unwrap(),
        ))
    }

    #[test]
    fn users_and_passwords_are_told_apart_by_the_first_colon() {
        for (value, user, password) in [
            ("Basic YWxpY2U6aHVudGVyMg==", "alice", "hunter2"),
            ("bAsIc YWxpY2U6aHVudGVyMg==", "alice", "hunter2"),
            ("Basic YTpiOmM=", "a", "b:c"),
            ("Basic Og==", "", ""),
            ("Basic OmE=", "", "a"),
            ("Basic YTo/Pj/Dvw==", "a", "?>?ÿ"),
        ] {
            assert_eq!(read(value), Some((user.to_owned(), password.to_owned())), "{value}");
        }
    }

    #[test]
    fn malformed_headers_are_no_credentials() {
        for value in [
            "",
            "Basic",
            "Basic ",
            "Basic  Og==",
            "Bearer YTpi",
            "BasicYTpi",
            "Basic YWxpY2U=",
            "Basic YTpi=",
            "Basic YTpiYg",
            "Basic YTpiYg=",
            "Basic ====",
            "Basic Y===",
            "Basic YT=i",
            "Basic YTp-",
            "Basic YTpi YTpi",
        ] {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
