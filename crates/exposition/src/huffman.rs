//! Codes of deflate (RFC 1951, section 3.2): short for symbols that come often.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::bits::Code;

/// Deflate allows no longer ones.
const LONGEST: u8 = 15;

/// Counts are scaled to this sum, so that symbols which never came cost those that did little.
const SCALE: u64 = 1 << 14;

/// A code for each symbol, those with a count of 0 too.
pub(crate) fn codes(counts: &[u32], codes: &mut [Code]) {
    let mut scale = SCALE;
    let mut lengths = lengths(counts, scale);
    // Even weights end at the latest, with codes of one length.
    while lengths.iter().any(|length| *length > LONGEST) {
        scale /= 2;
        lengths = self::lengths(counts, scale);
    }
    for (code, length) in codes.iter_mut().zip(&lengths) {
        code.length = *length;
    }
    number(codes);
}

/// The depth of each symbol in Huffman's tree.
fn lengths(counts: &[u32], scale: u64) -> Vec<u8> {
    let sum = counts.iter().map(|count| u64::from(*count)).sum::<u64>().max(1);
    let weight = |count: &u32| u64::from(*count) * scale / sum + 1;
    let mut roots: BinaryHeap<Reverse<(u64, usize)>> = counts
        .iter()
        .enumerate()
        .map(|(symbol, count)| Reverse((weight(count), symbol)))
        .collect();
    // Each node's parent; a parent comes behind its children.
    let mut parents = vec![0; counts.len()];
    while let (Some(Reverse((a_weight, a))), Some(Reverse((b_weight, b)))) = (roots.pop(), roots.pop()) {
        let parent = parents.len();
        (parents[a], parents[b]) = (parent, parent);
        parents.push(parent);
        if !roots.is_empty() {
            roots.push(Reverse((a_weight + b_weight, parent)));
        }
    }
    let mut depths = vec![0_u8; parents.len()];
    for node in (0..parents.len().saturating_sub(1)).rev() {
        depths[node] = depths[parents[node]].saturating_add(1);
    }
    depths.truncate(counts.len());
    depths
}

/// Numbers codes of the same length in order, shorter ones first, and turns them around.
pub(crate) fn number(codes: &mut [Code]) {
    let mut next = 0_u16;
    for length in 1..=LONGEST {
        next <<= 1;
        for code in codes.iter_mut().filter(|code| code.length == length) {
            code.bits = next.reverse_bits() >> (16 - u16::from(length));
            next = next.wrapping_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 where every bit string is the beginning of some code.
    fn completeness(codes: &[Code]) -> f64 {
        codes.iter().map(|code| 0.5_f64.powi(code.length.into())).sum()
    }

    #[test]
    fn codes_are_complete_and_not_too_long_whatever_the_counts() {
        let fibonacci = std::iter::successors(Some((1_u32, 1_u32)), |(a, b)| Some((*b, a.checked_add(*b)?)));
        let fibonacci: Vec<u32> = fibonacci.map(|(a, _)| a).take(40).collect();
        for counts in [vec![0; 286], vec![0, u32::MAX], fibonacci, (0..286).collect()] {
            let mut all = vec![Code::default(); counts.len()];
            codes(&counts, &mut all);
            assert!(all.iter().all(|code| (1..=LONGEST).contains(&code.length)), "{all:?}");
            assert_eq!(completeness(&all), 1.0, "{all:?}");
        }
    }

    #[test]
    fn the_example_of_the_standard() {
        let lengths = [3, 3, 3, 3, 3, 2, 4, 4];
        let mut codes = lengths.map(|length| Code { bits: 0, length });
        number(&mut codes);
        let expected: [u16; 8] = [0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111];
        assert_eq!(codes.map(|code| code.bits), expected);
    }

    #[test]
    fn what_comes_often_is_short() {
        let mut all = [Code::default(); 4];
        codes(&[1000, 10, 0, 100], &mut all);
        assert_eq!(all.map(|code| code.length), [1, 3, 3, 2]);
    }
}
