//! Numbers that others cannot guess. The standard library seeds the keys of its hash maps with the system's randomness,
//! and the hash of nothing under such keys is one.

use std::hash::{BuildHasher, Hasher, RandomState};

/// 64 bits.
pub(crate) fn u64() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// 16 bits.
pub(crate) fn u16() -> u16 {
    let [low, high, ..] = u64().to_le_bytes();
    u16::from_le_bytes([low, high])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_differ() {
        let numbers: std::collections::BTreeSet<u64> = (0..1000).map(|_| u64()).collect();
        assert_eq!(numbers.len(), 1000);
        assert!((0..100).map(|_| u16()).collect::<std::collections::BTreeSet<_>>().len() > 50);
    }
}
