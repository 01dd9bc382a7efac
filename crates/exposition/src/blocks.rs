//! The blocks of labels that an encoder's samples have, by small numbers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::block::BlockText;

/// The blocks in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    blocks: Vec<Arc<BlockText>>,
    /// The position of each block by where it lies in memory; all are held, so that no two lie at one place.
    positions: HashMap<usize, u32>,
    /// The one behind that which was asked for last: families have the same blocks in the same order, mostly.
    next: u32,
    /// How long the texts are that take the place of numbers.
    length: usize,
}

impl Blocks {
    /// The number of `block`, new or not.
    #[inline]
    pub(crate) fn index(&mut self, block: &Arc<BlockText>) -> u32 {
        self.length += block.bytes.len();
        let next = [self.next, self.next.wrapping_sub(1), 0];
        let guess = next
            .into_iter()
            .find(|index| self.get(*index).is_some_and(|known| Arc::ptr_eq(known, block)));
        let index = guess.unwrap_or_else(|| self.look_up(block));
        self.next = index + 1;
        index
    }

    fn look_up(&mut self, block: &Arc<BlockText>) -> u32 {
        match self.positions.entry(Arc::as_ptr(block).addr()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let index = self.blocks.len() as u32;
                self.blocks.push(Arc::clone(block));
                *new.insert(index)
            }
        }
    }

    /// The block with this number.
    pub(crate) fn get(&self, index: u32) -> Option<&Arc<BlockText>> {
        self.blocks.get(index as usize)
    }

    /// How many bytes of the answer come from here.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Lets go of all.
    pub(crate) fn clear(&mut self) {
        self.blocks.clear();
        self.positions.clear();
        self.next = 0;
        self.length = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_has_one_number_in_any_order() {
        let texts: Vec<Arc<BlockText>> = (0..4).map(|_| Arc::default()).collect();
        let mut blocks = Blocks::default();
        for index in [0, 1, 1, 2, 3, 0, 2, 0, 3, 3, 1] {
            assert_eq!(blocks.index(&texts[index]), index as u32);
        }
        blocks.clear();
        assert_eq!(blocks.index(&texts[3]), 0);
        assert!(blocks.get(1).is_none());
    }
}
