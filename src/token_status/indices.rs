//! The places in the token status list that this process may hand out: blocks that it took, each shuffled.
//!
//! In order they would tell whoever holds two tokens how many people signed in between.

use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;
use crate::models::StatusBlock;
use crate::secret;

/// The stock. It fills when a block is taken, and never hands out a place twice.
#[derive(Debug, Default)]
pub struct StatusIndices(Mutex<Vec<Held>>);

#[derive(Debug)]
struct Held {
    block: StatusBlock,
    until: Timestamp,
    left: Vec<i64>,
}

/// A place, and the block that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which bit.
    pub index: i64,
    /// The block.
    pub block: StatusBlock,
}

impl StatusIndices {
    /// The next place, if there is one that may still be handed out at `now`.
    pub fn next(&self, now: Timestamp) -> Option<Place> {
        let mut stock = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stock.retain(|held| now < held.until && !held.left.is_empty());
        let held = stock.first_mut()?;
        held.left.pop().map(|index| Place { index, block: held.block })
    }

    /// Adds what is left of a block, to be handed out until `until`.
    pub fn add(&self, block: StatusBlock, left: Vec<i64>, until: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Held { block, until, left });
    }
}

/// All places of a block, in an order that nobody can guess (Fisher and Yates). Of 2^32 numbers a few are more likely
/// than others by a millionth: that tells nobody anything.
pub fn shuffled(block: &StatusBlock) -> Vec<i64> {
    let mut places: Vec<i64> = (block.first_index..block.first_index + StatusBlock::LENGTH).collect();
    let random = secret::random::<{ 4 * StatusBlock::LENGTH as usize }>();
    for (last, drawn) in (1..places.len()).rev().zip(random.as_chunks().0) {
        places.swap(last, u32::from_le_bytes(*drawn) as usize % (last + 1));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_handed_out_once_and_not_beyond_its_time() {
        let (stock, at) = (StatusIndices::default(), Timestamp::from_seconds);
        let block = StatusBlock { first_index: 2048, free_at: at(1_000) };
        stock.add(block, shuffled(&block), at(10));

        let drawn: Vec<_> =
            std::iter::from_fn(|| stock.next(at(9))).take(1000).map(|place| place.index).collect();

        let mut sorted = drawn.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 1000);
        assert!(sorted[0] >= 2048 && sorted[999] < 3072);
        let neighbours = drawn.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) == 1).count();
        assert!(neighbours < 20, "in order they would tell how many there are: {neighbours}");
        assert!(stock.next(at(9)).is_some() && stock.next(at(10)).is_none());
    }
}
