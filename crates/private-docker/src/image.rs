//! The image of all containers: one static program and nothing else.

use anyhow::Result;

use crate::api::Api;

/// Its name.
pub const IMAGE: &str = "work:1";

/// The program, whose words are told in its source.
const WORKER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/worker"));

const BLOCK: usize = 512;

/// Gives it to a daemon.
///
/// # Errors
/// Docker refuses.
pub fn import(api: &Api) -> Result<()> {
    api.send(
        "/images/create?fromSrc=-&repo=work&tag=1",
        "application/x-tar",
        &archive(),
    )?;
    Ok(())
}

/// Its root, for `docker import` elsewhere.
pub fn archive() -> Vec<u8> {
    tar("work", WORKER)
}

/// An archive of one executable file, in the old format of 1988.
fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0; BLOCK];
    let fields = [
        (0, name.to_owned()),
        (100, "0000755".to_owned()),
        (108, "0000000".to_owned()),
        (116, "0000000".to_owned()),
        (124, format!("{:011o}", content.len())),
        (136, "00000000000".to_owned()),
        // Spaces, while the sum is taken.
        (148, " ".repeat(8)),
        (156, "0".to_owned()),
        (257, "ustar".to_owned()),
        (263, "00".to_owned()),
    ];
    for (at, text) in fields {
        header[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let padding = content.len().next_multiple_of(BLOCK) - content.len();
    [&header[..], content, &vec![0; padding + 2 * BLOCK]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_a_header_the_content_and_two_empty_blocks() {
        let archive = tar("a", &[7; 600]);
        assert_eq!(archive.len(), BLOCK + 2 * BLOCK + 2 * BLOCK);
        assert!(archive.starts_with(b"a\0"));
        assert_eq!(&archive[124..136], b"00000001130\0");
        assert_eq!(archive[BLOCK + 599..BLOCK + 601], [7, 0]);
        // The sum of all bytes of the header, its own eight as spaces.
        let own: u32 = archive[148..156].iter().map(|byte| u32::from(*byte)).sum();
        let all: u32 = archive[..BLOCK].iter().map(|byte| u32::from(*byte)).sum();
        let told = u32::from_str_radix(std::str::from_utf8(&archive[148..154]).unwrap(), 8).unwrap();
        assert_eq!(told, all - own + 8 * u32::from(b' '));
    }
}
