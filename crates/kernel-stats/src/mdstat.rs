//! Software RAID arrays, from /proc/mdstat. An array is a line of its state and members, a line of its size and disks,
//! then progress and a bitmap if it has them; only the first line is not indented.
//!
//! ```text
//! Personalities : [raid1] [raid6] [raid5] [raid4]
//! md1 : active raid5 sdc1[3](F) sdb1[1] sda1[0]
//!       2097152 blocks super 1.2 level 5, 64k chunk, algorithm 2 [3/2] [UU_]
//!       [==>..................]  recovery = 12.5% (131072/1048576) finish=0.9min speed=16384K/sec
//!
//! unused devices: <none>
//! ```

use std::iter::Peekable;

use crate::ParseError;
use crate::fields::{Line, Lines, lines, split_once, unsigned};

const ARRAY: &str = "an array, a colon and its state";
const STATUS: &str = "blocks and [required/active] disks";
const PROGRESS: &str = "an action and (synced/all) blocks";

/// One array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Array<'a> {
    /// The kernel's name, as in `md0`.
    pub name: &'a str,
    /// What it does now.
    pub state: State,
    /// Disks that it needs to be whole; 0 while it is inactive.
    pub disks_required: u64,
    /// Disks in use; 0 while it is inactive.
    pub disks_active: u64,
    /// Disks that failed and are still members: `(F)`.
    pub disks_failed: u64,
    /// Disks that stand by: `(S)`.
    pub disks_spare: u64,
    /// Its size, in blocks of 1 KiB.
    pub blocks: u64,
    /// Blocks of a disk that are done, while the array is synced; 0 while that waits, all blocks at other times.
    pub blocks_synced: u64,
}

/// What an array does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It works and needs nothing.
    Active,
    /// It was not started.
    Inactive,
    /// A new disk takes the place of a lost one.
    Recovering,
    /// Its disks are made equal.
    Resyncing,
    /// Its disks are compared.
    Checking,
    /// It changes its layout.
    Reshaping,
    /// Anything else, such as `broken`.
    Other,
}

/// Parses /proc/mdstat, in the file's order.
///
/// # Errors
/// When an array has no state, an active one no size or disks, or progress no blocks.
pub fn parse(bytes: &[u8]) -> Result<Vec<Array<'_>>, ParseError> {
    let mut lines = lines(bytes).peekable();
    let mut arrays = Vec::new();
    while let Some(line) = lines.next() {
        if !is_indented(line) && !line.text.starts_with(b"Personalities") && !line.text.starts_with(b"unused") {
            arrays.push(array(line, &mut lines)?);
        }
    }
    Ok(arrays)
}

fn is_indented(line: Line<'_>) -> bool {
    line.text.first().is_some_and(u8::is_ascii_whitespace)
}

/// The array that begins with the line `head`; takes the lines that belong to it.
fn array<'a>(head: Line<'a>, lines: &mut Peekable<Lines<'a>>) -> Result<Array<'a>, ParseError> {
    let mut fields = head.fields(ARRAY);
    let name = fields.text()?;
    fields.parsed(|word| (word == b":").then_some(()))?;
    let state = match fields.word()? {
        b"active" => State::Active,
        b"inactive" => State::Inactive,
        _ => State::Other,
    };
    let mut array = Array {
        name,
        state,
        disks_required: 0,
        disks_active: 0,
        disks_failed: count(head.text, b"(F)"),
        disks_spare: count(head.text, b"(S)"),
        blocks: 0,
        blocks_synced: 0,
    };
    let mut has_status = state == State::Inactive;
    while let Some(line) = lines.next_if(|line| is_indented(*line)) {
        has_status |= status(&mut array, head, line)?;
        progress(&mut array, line)?;
    }
    match has_status {
        true => Ok(array),
        false => Err(head.error(STATUS)),
    }
}

/// Takes size and disks from `line` if it has them.
fn status(array: &mut Array<'_>, head: Line<'_>, line: Line<'_>) -> Result<bool, ParseError> {
    let mut fields = line.fields(STATUS);
    let Some(blocks) = fields.next().and_then(unsigned) else {
        return Ok(false);
    };
    if fields.next() != Some(b"blocks") {
        return Ok(false);
    }
    (array.blocks, array.blocks_synced) = (blocks, blocks);
    if array.state != State::Inactive {
        (array.disks_required, array.disks_active) = disks(head, line)?;
    }
    Ok(true)
}

/// How many disks an array needs and has. Levels without redundancy do not say, and work with all members or not at
/// all.
fn disks(head: Line<'_>, line: Line<'_>) -> Result<(u64, u64), ParseError> {
    let is_plain = |word: &[u8]| matches!(word, b"raid0" | b"linear" | b"faulty");
    if head.fields(ARRAY).any(is_plain) {
        let members = count(head.text, b"[");
        return Ok((members, members));
    }
    line.fields(STATUS)
        .find_map(|word| pair(word, b"[", b"]"))
        .ok_or_else(|| line.error(STATUS))
}

/// Takes the action and how far it is from `line` if it has them, as in `recovery =  8.5% (17/200) …` or
/// `resync=DELAYED`.
fn progress(array: &mut Array<'_>, line: Line<'_>) -> Result<(), ParseError> {
    let action = |word: &[u8]| match split_once(word, b'=').map_or(word, |(action, _)| action) {
        b"recovery" => Some(State::Recovering),
        b"reshape" => Some(State::Reshaping),
        b"check" => Some(State::Checking),
        b"resync" => Some(State::Resyncing),
        _ => None,
    };
    let mut fields = line.fields(PROGRESS);
    let Some((word, state)) = fields.find_map(|word| Some((word, action(word)?))) else {
        return Ok(());
    };
    array.state = state;
    array.blocks_synced = match word.contains(&b'=') {
        true => 0,
        false => {
            let blocks = fields.find_map(|word| pair(word, b"(", b")"));
            blocks.ok_or_else(|| line.error(PROGRESS))?.0
        }
    };
    Ok(())
}

/// Both numbers of `[5/4]` or `(17/200)`.
fn pair(word: &[u8], open: &[u8], close: &[u8]) -> Option<(u64, u64)> {
    let (first, second) = split_once(word.strip_prefix(open)?.strip_suffix(close)?, b'/')?;
    Some((unsigned(first)?, unsigned(second)?))
}

fn count(text: &[u8], mark: &[u8]) -> u64 {
    memchr::memmem::find_iter(text, mark).count() as u64
}

#[cfg(test)]
mod tests {
    use super::{Array, State, parse};

    fn array(name: &str, state: State, disks: [u64; 4], blocks: [u64; 2]) -> Array<'_> {
        let [disks_required, disks_active, disks_failed, disks_spare] = disks;
        let [blocks, blocks_synced] = blocks;
        Array {
            name,
            state,
            disks_required,
            disks_active,
            disks_failed,
            disks_spare,
            blocks,
            blocks_synced,
        }
    }

    #[test]
    fn arrays_of_many_levels_and_states() {
        let expected = vec![
            array("md0", State::Active, [2, 2, 0, 0], [1_000_448; 2]),
            array("md1", State::Recovering, [5, 4, 1, 1], [6_000_000, 284_000]),
            array("md2", State::Resyncing, [4, 4, 0, 0], [4_000_000, 840_000]),
            array("md3", State::Resyncing, [2, 2, 0, 0], [500_224, 0]),
            array("md4", State::Checking, [3, 3, 0, 0], [2_097_152, 131_072]),
            array("md5", State::Active, [2, 2, 0, 0], [3_000_320; 2]),
            array("md127", State::Inactive, [0, 0, 0, 1], [2210; 2]),
        ];
        assert_eq!(parse(include_bytes!("../fixtures/mdstat")), Ok(expected));
        assert_eq!(parse(b"Personalities : \nunused devices: <none>\n"), Ok(vec![]));
    }

    #[test]
    fn rare_states() {
        let cases: [(&[u8], _); 4] = [
            (
                b"md0 : active raid5 a[0] b[1]\n  10 blocks [2/2] [UU]\n  [=>.]  reshape =100.0% (7/10) finish=0min\n",
                array("md0", State::Reshaping, [2, 2, 0, 0], [10, 7]),
            ),
            (
                b"md0 : active raid1 a[0]\n  10 blocks super 1.2 [2/1] [U_]\n  \tresync=REMOTE\n",
                array("md0", State::Resyncing, [2, 1, 0, 0], [10, 0]),
            ),
            (
                b"md0 : broken raid0 a[0] b[1]\n  10 blocks super 1.2 512k chunks\n",
                array("md0", State::Other, [2, 2, 0, 0], [10; 2]),
            ),
            (b"md0 : inactive\n", array("md0", State::Inactive, [0; 4], [0; 2])),
        ];
        for (bytes, expected) in cases {
            assert_eq!(parse(bytes), Ok(vec![expected]));
        }
    }

    #[test]
    fn malformed_arrays_are_errors() {
        let cases = [
            (
                "md0\n",
                r#"line 1: expected an array, a colon and its state, found "md0""#,
            ),
            (
                "md0 x active\n",
                r#"line 1: expected an array, a colon and its state, found "x""#,
            ),
            (
                "md0 : active raid1\nunused devices: <none>\n",
                r#"line 1: expected blocks and [required/active] disks, found "md0 : active raid1""#,
            ),
            (
                "md0 : active raid1 a[0]\n  10 blocks [2-2]\n",
                r#"line 2: expected blocks and [required/active] disks, found "10 blocks [2-2]""#,
            ),
            (
                "md0 : inactive a[0](S)\n  [>] check = 1% (1 of 2)\n",
                r#"line 2: expected an action and (synced/all) blocks, found "[>] check = 1% (1 of 2)""#,
            ),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text.as_bytes()).unwrap_err().to_string(), error);
        }
    }
}
