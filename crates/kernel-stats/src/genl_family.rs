//! The number by which a family of generic netlink is asked: the answer to `CTRL_CMD_GETFAMILY`. All numbers are in the
//! host's byte order. Source: include/uapi/linux/genetlink.h.

use crate::ParseError;
use crate::netlink::{attributes, error, messages};

const GENL_ID_CTRL: u16 = 16;
const CTRL_ATTR_FAMILY_ID: u16 = 1;

/// `struct genlmsghdr`, with which each message begins.
const HEADER: usize = 4;

/// Parses the answer; `None` if it names no family.
///
/// # Errors
/// When the bytes are not whole messages of whole attributes.
pub fn parse(bytes: &[u8]) -> Result<Option<u16>, ParseError> {
    for message in messages(bytes) {
        let message = message?;
        if message.kind != GENL_ID_CTRL {
            continue;
        }
        let rest = message
            .body
            .get(HEADER..)
            .ok_or_else(|| error("a family's header", message.body))?;
        for attribute in attributes(rest) {
            let attribute = attribute?;
            if attribute.kind == CTRL_ATTR_FAMILY_ID {
                return Ok(attribute.u16());
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::netlink::testing::{attribute, message};

    #[test]
    fn the_number_of_the_family_is_found() {
        let attributes = [attribute(2, b"ethtool\0"), attribute(1, &21_u16.to_ne_bytes())].concat();
        let family = message(16, &[&[1, 2, 0, 0][..], &attributes].concat());
        assert_eq!(parse(&[family, message(2, &[0; 20])].concat()), Ok(Some(21)));
        assert_eq!(parse(&message(2, &[0; 20])), Ok(None));
        assert!(parse(&message(16, &[1, 2])).is_err());
    }

    /// The fixture's byte order is that of x86_64.
    #[test]
    #[cfg(target_endian = "little")]
    fn an_answer_of_a_kernel_is_read() {
        let bytes = include_bytes!("../fixtures/genl_family");
        assert_eq!(parse(bytes), Ok(Some(21)));
    }
}
