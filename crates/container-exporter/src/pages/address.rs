//! Paths of pages: cgroups and containers in them, with percent signs for whatever is not plain.

use super::place::BY_NAME;
use crate::container::{Container, Runtime};

/// The page of a container or cgroup.
pub(super) fn href(container: &Container) -> String {
    let facts = container.facts.as_deref();
    let by_name = facts.and_then(|facts| Some((facts, folder(facts.runtime)?)));
    match by_name {
        Some((facts, folder)) => {
            // Browsers take these names for folders.
            let is_plain = !matches!(facts.name.as_str(), "" | "." | "..");
            let name = if is_plain { &facts.name } else { &facts.id };
            format!("{folder}/{}", encoded(name, false))
        }
        None => of_cgroup(&container.id),
    }
}

/// Where the containers of a runtime have pages by their names.
fn folder(runtime: Runtime) -> Option<&'static str> {
    let known = BY_NAME.iter().find(|(known, _)| *known == runtime);
    known.map(|(_, folder)| *folder)
}

/// The page of a cgroup.
pub(super) fn of_cgroup(id: &str) -> String {
    format!("/containers{}", encoded(id, true))
}

/// Text as a part of a path, or as a whole path where slashes stay.
pub(super) fn encoded(text: &str, is_path: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            b'/' if is_path => encoded.push('/'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The text that was encoded; what is no UTF-8 is replaced, and what is no encoding stays.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.split_at_checked(2).filter(|_| first == b'%');
        match digits.and_then(|(digits, behind)| Some((hex(digits)?, behind))) {
            Some((byte, behind)) => {
                bytes.push(byte);
                rest = behind;
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    match digits {
        [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_from_its_address() {
        for text in ["", "web-1", "a b&c=d?#", "ä/\"<\u{1f433}>", "%41", "100%", "a/../b"] {
            for is_path in [false, true] {
                let address = encoded(text, is_path);
                assert_eq!(decoded(&address), text);
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%/".contains(&byte);
                assert!(address.bytes().all(plain), "{address}");
            }
        }
    }

    #[test]
    fn what_is_no_encoding_stays() {
        for (address, text) in [
            ("%", "%"),
            ("%4", "%4"),
            ("%zz%41", "%zzA"),
            ("%+1", "%+1"),
            ("%ff", "\u{fffd}"),
        ] {
            assert_eq!(decoded(address), text);
        }
    }
}
