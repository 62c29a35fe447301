//! The seal of a cursor: HMAC-SHA-256 under a secret key.

use std::ops::RangeInclusive;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

pub(crate) const KEY_BYTES: usize = 32;

/// A seal is the first 128 bits of HMAC-SHA-256.
const SEAL_BYTES: usize = 16;

/// A place in a list: the sort key of the last item on a page. A service has one type for each kind of list.
pub trait Place: Sized {
    /// Length of the byte form.
    const BYTES: RangeInclusive<usize>;

    /// Encodes the place.
    fn to_bytes(&self) -> Vec<u8>;

    /// Decodes a place; `None` when the bytes are not one.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

/// Length of the cursor of a place with this many bytes, in characters.
#[must_use]
pub const fn cursor_bytes(place_bytes: usize) -> usize {
    ((place_bytes + SEAL_BYTES) * 4).div_ceil(3)
}

/// The secret key of cursors. It has no `Debug`, so that it cannot be logged.
#[derive(Clone)]
pub(crate) struct CursorKey(Hmac<Sha256>);

impl CursorKey {
    /// `None` unless there are [`KEY_BYTES`] bytes.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let bytes = (bytes.len() == KEY_BYTES).then_some(bytes)?;
        Hmac::new_from_slice(bytes).ok().map(Self)
    }
}

/// Decoded text in the form of a cursor, not yet verified.
pub(crate) struct Sealed(Vec<u8>);

impl Sealed {
    /// `None` when the text cannot be a cursor of `P`. This needs no key, so bad text is refused without reading one.
    pub(crate) fn of<P: Place>(text: &str) -> Option<Self> {
        let text = (text.len() <= cursor_bytes(*P::BYTES.end())).then_some(text)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() >= P::BYTES.start() + SEAL_BYTES).then_some(Self(bytes))
    }
}

/// The parts of a request that a cursor is bound to.
pub(crate) struct Binding<'a>(pub(crate) &'a [&'a str]);

impl Binding<'_> {
    pub(crate) fn seal(&self, key: &CursorKey, place: &[u8]) -> String {
        let seal = self.mac(key, place).finalize().into_bytes();
        let bytes: Vec<u8> =
            place.iter().copied().chain(seal.into_iter().take(SEAL_BYTES)).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place; `None` when the cursor was altered or has another binding.
    pub(crate) fn open<'b>(&self, key: &CursorKey, Sealed(bytes): &'b Sealed) -> Option<&'b [u8]> {
        let (place, seal) = bytes.split_last_chunk::<SEAL_BYTES>()?;
        // Compares in constant time.
        self.mac(key, place).verify_truncated_left(seal).ok()?;
        Some(place)
    }

    fn mac(&self, CursorKey(key): &CursorKey, place: &[u8]) -> Hmac<Sha256> {
        let parts = self.0.iter().map(|part| part.as_bytes());
        parts.chain([place]).fold(key.clone(), |mac, part| {
            // The length prefix keeps ["ab", "c"] different from ["a", "bc"].
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
    fn a_cursor_is_base64_of_the_place_and_a_seal() {
        for bytes in [8, 24, 40] {
            let cursor = Binding(LISTS[0]).seal(&key(1), &vec![7; bytes]);
            assert_eq!(cursor.len(), cursor_bytes(bytes));
            let inside = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
            assert_eq!(inside[..bytes], vec![7; bytes]);
            assert_eq!(inside.len(), bytes + SEAL_BYTES);
        }
    }

    #[test]
    fn a_cursor_is_valid_for_one_key_and_one_binding_s14() {
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
    fn a_key_must_have_32_bytes() {
        assert!(CursorKey::of(&[0; KEY_BYTES - 1]).is_none());
        assert!(CursorKey::of(&[0; KEY_BYTES + 1]).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

        #[test]
        fn opening_a_cursor_returns_its_place(place in prop::collection::vec(any::<u8>(), 8..=40)) {
            let cursor = Binding(LISTS[0]).seal(&key(1), &place);
            prop_assert!(cursor.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it)));
            prop_assert_eq!(opened(LISTS[0], &key(1), &cursor), Some(place));
            prop_assert_eq!(opened(LISTS[1], &key(1), &cursor), None);
        }

        #[test]
        fn an_altered_cursor_is_refused_s14(
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
            // No other text decodes to the same cursor.
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
