//! The seal of a cursor: HMAC-SHA-256 under a key that no client has.

use std::ops::RangeInclusive;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// Bytes of a seal: half of HMAC-SHA-256, 128 bits.
const SEAL_BYTES: usize = 16;

/// A place in a list: what the last item of a page was listed by. A service has one type for each kind of list.
pub trait Place: Sized {
    /// How many bytes a place takes.
    const BYTES: RangeInclusive<usize>;

    /// The place as bytes.
    fn to_bytes(&self) -> Vec<u8>;

    /// The place that these bytes hold; `None` when they hold none.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

/// Characters of the longest cursor of a place with that many bytes.
#[must_use]
pub const fn cursor_bytes(place_bytes: usize) -> usize {
    ((place_bytes + SEAL_BYTES) * 4).div_ceil(3)
}

/// What cursors are sealed with. It has no `Debug`: it is a secret.
#[derive(Clone)]
pub(crate) struct CursorKey(Hmac<Sha256>);

impl CursorKey {
    /// The key made of these bytes; `None` when they are too few or too many.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let bytes = (bytes.len() == KEY_BYTES).then_some(bytes)?;
        Hmac::new_from_slice(bytes).ok().map(Self)
    }
}

/// Text that has the form of a cursor. Only the key tells whether it is one.
pub(crate) struct Sealed(Vec<u8>);

impl Sealed {
    /// `None` when no cursor of such a place looks like that. No key has to be read to refuse it.
    pub(crate) fn of<P: Place>(text: &str) -> Option<Self> {
        let text = (text.len() <= cursor_bytes(*P::BYTES.end())).then_some(text)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() >= P::BYTES.start() + SEAL_BYTES).then_some(Self(bytes))
    }
}

/// What a cursor is bound to.
pub(crate) struct Binding<'a>(pub(crate) &'a [&'a str]);

impl Binding<'_> {
    pub(crate) fn seal(&self, key: &CursorKey, place: &[u8]) -> String {
        let seal = self.mac(key, place).finalize().into_bytes();
        let bytes: Vec<u8> =
            place.iter().copied().chain(seal.into_iter().take(SEAL_BYTES)).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place; `None` when it was altered, or is bound to something else.
    pub(crate) fn open<'b>(&self, key: &CursorKey, Sealed(bytes): &'b Sealed) -> Option<&'b [u8]> {
        let (place, seal) = bytes.split_last_chunk::<SEAL_BYTES>()?;
        // Takes the same time wherever the seals differ.
        self.mac(key, place).verify_truncated_left(seal).ok()?;
        Some(place)
    }

    fn mac(&self, CursorKey(key): &CursorKey, place: &[u8]) -> Hmac<Sha256> {
        let parts = self.0.iter().map(|part| part.as_bytes());
        parts.chain([place]).fold(key.clone(), |mac, part| {
            // The length in front of each part keeps the boundaries.
            mac.chain_update(part.len().to_be_bytes()).chain_update(part)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LISTS: [&[&str]; 2] = [&["shop", "list", ""], &["shop", "list", "pending"]];

    /// Any 8 to 40 bytes.
    struct Bytes(Vec<u8>);

    impl Place for Bytes {
        const BYTES: RangeInclusive<usize> = 8..=40;

        fn to_bytes(&self) -> Vec<u8> {
            self.0.clone()
        }

        fn from_bytes(bytes: &[u8]) -> Option<Self> {
            Some(Self(bytes.to_vec()))
        }
    }

    fn key(seed: u8) -> CursorKey {
        CursorKey::of(&[seed; KEY_BYTES]).unwrap()
    }

    fn opened(binding: &[&str], key: &CursorKey, cursor: &str) -> Option<Vec<u8>> {
        Binding(binding).open(key, &Sealed::of::<Bytes>(cursor)?).map(<[u8]>::to_vec)
    }

    #[test]
    fn a_cursor_is_its_place_and_a_seal_and_as_long_as_base64_makes_it() {
        for bytes in [8, 24, 40] {
            let cursor = Binding(LISTS[0]).seal(&key(1), &vec![7; bytes]);
            assert_eq!(cursor.len(), cursor_bytes(bytes));
            let inside = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
            assert_eq!(inside[..bytes], vec![7; bytes]);
            assert_eq!(inside.len(), bytes + SEAL_BYTES);
        }
    }

    #[test]
    fn a_cursor_fits_one_key_and_one_binding_s14() {
        let cursor = Binding(&["ab", "c", ""]).seal(&key(1), &[7; 24]);
        assert_eq!(opened(&["ab", "c", ""], &key(1), &cursor), Some(vec![7; 24]));
        assert_eq!(opened(&["ab", "c", ""], &key(2), &cursor), None);
        let others: [&[&str]; 6] = [
            &["a", "bc", ""],
            &["ab", "", "c"],
            &["ab", "c"],
            &["ab", "c", "", ""],
            &["ab", "d", ""],
            &["", "ab", "c"],
        ];
        for other in others {
            assert_eq!(opened(other, &key(1), &cursor), None, "{other:?}");
        }
    }

    #[test]
    fn a_key_has_32_bytes() {
        assert!(CursorKey::of(&[0; KEY_BYTES - 1]).is_none());
        assert!(CursorKey::of(&[0; KEY_BYTES + 1]).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_cursor_comes_back_as_its_place(place in prop::collection::vec(any::<u8>(), 8..=40)) {
            let cursor = Binding(LISTS[0]).seal(&key(1), &place);
            prop_assert!(cursor.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it)));
            prop_assert_eq!(opened(LISTS[0], &key(1), &cursor), Some(place));
            prop_assert_eq!(opened(LISTS[1], &key(1), &cursor), None);
        }

        #[test]
        fn any_byte_that_is_changed_added_or_taken_away_is_refused_s14(
            place in prop::collection::vec(any::<u8>(), 8..=40),
            (at, byte) in (any::<prop::sample::Index>(), any::<u8>()),
        ) {
            let cursor = Binding(LISTS[0]).seal(&key(1), &place);
            let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
            let refuses = |bytes: &[u8]| {
                opened(LISTS[0], &key(1), &URL_SAFE_NO_PAD.encode(bytes)).is_none()
            };
            let mut changed = bytes.clone();
            let place = at.index(bytes.len());
            changed[place] ^= byte.max(1);
            prop_assert!(refuses(&changed));
            let mut longer = bytes.clone();
            longer.insert(place, byte);
            prop_assert!(refuses(&longer));
            prop_assert!(refuses(&bytes[1..]) && refuses(&bytes[..bytes.len() - 1]));
            prop_assert!(refuses(&bytes[..place]));
            // The text has no second spelling either.
            let mut text = cursor.clone().into_bytes();
            let place = at.index(text.len());
            let other = byte & 0x7f;
            prop_assume!(other != text[place]);
            text[place] = other;
            let text = String::from_utf8(text).unwrap();
            prop_assert!(opened(LISTS[0], &key(1), &text).is_none(), "{cursor} {text}");
            for text in [format!("{cursor}="), format!("{cursor}A"), format!(" {cursor}")] {
                prop_assert!(opened(LISTS[0], &key(1), &text).is_none());
            }
        }
    }
}
