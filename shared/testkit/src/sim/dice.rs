//! Seeded random numbers. ChaCha gives the same numbers on every machine and in every build.

use std::time::Duration;

use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

/// One sequence of random numbers. A seed has 2^64 independent sequences, so that using one does not shift another.
#[derive(Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The sequence `stream` of that seed.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut numbers = ChaCha8Rng::from_seed(key);
        numbers.set_stream(stream);
        Self(numbers)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap();
        usize::try_from(self.number() % bound).unwrap()
    }

    /// True in this many of a thousand cases.
    pub fn per_mille(&mut self, cases: u32) -> bool {
        self.number() % 1000 < u64::from(cases)
    }

    /// A time from `least` to `most`, in whole milliseconds.
    pub fn time(&mut self, least: Duration, most: Duration) -> Duration {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap();
        let spread = millis(most).saturating_sub(millis(least)) + 1;
        least + Duration::from_millis(self.number() % spread)
    }

    /// One of the choices.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_another_stream_gives_others() {
        let numbers = |seed, stream| {
            let mut dice = Dice::new(seed, stream);
            [dice.number(), dice.number(), dice.number()]
        };
        assert_eq!(numbers(7, 1), numbers(7, 1));
        assert_ne!(numbers(7, 1), numbers(7, 2));
        assert_ne!(numbers(7, 1), numbers(8, 1));
    }
}
