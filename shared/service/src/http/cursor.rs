//! Where a list goes on: opaque to clients, bound to its query and its caller, refused when altered.
//!
//! A cursor is a position and a seal under a key that no client has. The position is when the page's last order was
//! placed and which order it was; in a list across customers, also whose.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dekigoto::{Position, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use orders::CustomerId;
use sha2::Sha256;
use uuid::Uuid;

use super::limits::CURSOR_BYTES_MAX;
use crate::views::order_key;

/// Bytes of a key.
pub(super) const KEY_BYTES: usize = 32;

/// Bytes of the moment, and of the order's id.
const PLACE_BYTES: usize = 8 + 16;

/// Bytes of a seal: half of HMAC-SHA-256, 128 bits.
const SEAL_BYTES: usize = 16;

const _: () = assert!(
    CURSOR_BYTES_MAX == ((PLACE_BYTES + orders::limits::ID_BYTES_MAX + SEAL_BYTES) * 4).div_ceil(3),
    "the longest cursor is as long as base64 makes it"
);

/// What cursors are sealed with. It has no `Debug`: it is a secret.
#[derive(Clone)]
pub(super) struct CursorKey(Hmac<Sha256>);

impl CursorKey {
    /// The key made of these bytes; none when they are too few or too many.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let bytes = (bytes.len() == KEY_BYTES).then_some(bytes)?;
        Hmac::new_from_slice(bytes).ok().map(Self)
    }
}

/// What a cursor is bound to.
pub(super) struct Binding<'a> {
    /// Everything that the list depends on: caller, partition and filter.
    pub(super) parts: &'a [&'a str],
    /// Whose orders are listed; none in a list across customers.
    pub(super) customer: Option<&'a CustomerId>,
}

/// Text that has the form of a cursor. Whether it is one of ours takes the key to tell.
pub(super) struct Sealed(Vec<u8>);

impl Sealed {
    /// None when no cursor looks like that.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = (text.len() <= CURSOR_BYTES_MAX).then_some(text)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() >= PLACE_BYTES + SEAL_BYTES).then_some(Self(bytes))
    }
}

impl Binding<'_> {
    /// The cursor of a position; none when the position is not an order's.
    pub(super) fn write(&self, key: &CursorKey, position: &Position) -> Option<String> {
        let placed_at: Timestamp = position.sort.parse().ok()?;
        let (_, order) = position.key.partition.rsplit_once('#')?;
        let mut bytes = placed_at.as_millis().to_be_bytes().to_vec();
        bytes.extend(order.parse::<Uuid>().ok()?.into_bytes());
        if self.customer.is_none() {
            bytes.extend(position.key.sort.bytes());
        }
        let seal = self.seal(key, &bytes).finalize().into_bytes();
        bytes.extend(seal.into_iter().take(SEAL_BYTES));
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The position of a cursor; none when it was altered, or belongs to another list or caller.
    pub(super) fn read(&self, key: &CursorKey, Sealed(bytes): &Sealed) -> Option<Position> {
        let (place, seal) = bytes.split_last_chunk::<SEAL_BYTES>()?;
        // Takes the same time wherever the seals part.
        self.seal(key, place).verify_truncated_left(seal).ok()?;
        let (placed_at, rest) = place.split_first_chunk()?;
        let (order, whose) = rest.split_first_chunk()?;
        let placed_at = Timestamp::from_millis(i64::from_be_bytes(*placed_at)).ok()?;
        let customer = match self.customer {
            Some(customer) => customer.clone(),
            None => std::str::from_utf8(whose).ok()?.parse().ok()?,
        };
        let key = order_key(Uuid::from_bytes(*order), &customer);
        Some(Position { sort: placed_at.to_string(), key })
    }

    fn seal(&self, CursorKey(key): &CursorKey, place: &[u8]) -> Hmac<Sha256> {
        let parts = self.parts.iter().map(|part| part.as_bytes());
        parts.chain([place]).fold(key.clone(), |seal, part| {
            // The length in front of each part keeps the boundaries.
            seal.chain_update(part.len().to_be_bytes()).chain_update(part)
        })
    }
}

#[cfg(test)]
mod tests {
    use dekigoto::RowKey;
    use proptest::prelude::*;

    use super::*;

    const LISTS: [&[&str]; 2] = [&["shop", "list", ""], &["shop", "list", "pending"]];

    fn key(seed: u8) -> CursorKey {
        CursorKey::of(&[seed; KEY_BYTES]).unwrap()
    }

    fn customer() -> CustomerId {
        "c-42".parse().unwrap()
    }

    fn position(millis: i64, order: u128, customer: &CustomerId) -> Position {
        let sort = Timestamp::from_millis(millis).unwrap().to_string();
        Position { sort, key: order_key(Uuid::from_u128(order), customer) }
    }

    fn opened(binding: &Binding<'_>, key: &CursorKey, cursor: &str) -> Option<Position> {
        binding.read(key, &Sealed::of(cursor)?)
    }

    /// From the first millisecond of the year 1 to the last of 9999.
    fn millis() -> std::ops::Range<i64> {
        -62_135_596_800_000..253_402_300_800_000
    }

    #[test]
    fn a_cursor_holds_a_moment_and_an_order_and_names_nothing_of_ours() {
        let mine = customer();
        let at = position(1_795_424_400_123, 7, &mine);
        let binding = Binding { parts: LISTS[0], customer: Some(&mine) };
        let cursor = binding.write(&key(1), &at).unwrap();
        assert_eq!(cursor.len(), 54);
        let inside = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        assert_eq!(inside[..8], 1_795_424_400_123_i64.to_be_bytes());
        assert_eq!(inside[8..24], 7_u128.to_be_bytes());
        assert_eq!(inside.len(), 40);
        // In a list across customers it also holds whose order it was.
        let across = Binding { parts: LISTS[0], customer: None };
        let cursor = across.write(&key(1), &at).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(&cursor).unwrap()[24..28], *b"c-42");
        let longest: CustomerId = "c".repeat(64).parse().unwrap();
        let cursor = across.write(&key(1), &position(0, 7, &longest)).unwrap();
        assert_eq!(cursor.len(), CURSOR_BYTES_MAX);
        assert!(opened(&across, &key(1), &cursor).is_some());
    }

    #[test]
    fn s14_a_cursor_fits_one_key_and_one_binding() {
        let mine = customer();
        let at = position(1_795_424_400_123, 7, &mine);
        let binding = |parts| Binding { parts, customer: Some(&mine) };
        let cursor = binding(&["ab", "c", ""]).write(&key(1), &at).unwrap();
        assert_eq!(opened(&binding(&["ab", "c", ""]), &key(1), &cursor), Some(at));
        assert_eq!(opened(&binding(&["ab", "c", ""]), &key(2), &cursor), None);
        let others: [&[&str]; 6] = [
            &["a", "bc", ""],
            &["ab", "", "c"],
            &["ab", "c"],
            &["ab", "c", "", ""],
            &["ab", "d", ""],
            &["", "ab", "c"],
        ];
        for other in others {
            assert_eq!(opened(&binding(other), &key(1), &cursor), None, "{other:?}");
        }
    }

    #[test]
    fn what_is_no_position_of_an_order_has_no_cursor() {
        let binding = Binding { parts: &[], customer: None };
        for (sort, partition) in [("x", "order-summary#x"), ("2026-11-23T09:00:00.123Z", "x")] {
            let at = Position { sort: sort.to_owned(), key: RowKey::new(partition, "c-42") };
            assert_eq!(binding.write(&key(1), &at), None);
        }
        assert!(CursorKey::of(&[0; KEY_BYTES - 1]).is_none());
        assert!(CursorKey::of(&[0; KEY_BYTES + 1]).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_cursor_comes_back_as_its_position(
            (millis, order) in (millis(), any::<u128>()),
            whose in "[a-z0-9._:@|-]{1,64}",
            is_across in any::<bool>(),
        ) {
            let whose: CustomerId = whose.parse().unwrap();
            let binding = Binding { parts: LISTS[0], customer: (!is_across).then_some(&whose) };
            let at = position(millis, order, &whose);
            let cursor = binding.write(&key(1), &at).unwrap();
            prop_assert!(cursor.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it)));
            prop_assert_eq!(opened(&binding, &key(1), &cursor), Some(at));
        }

        #[test]
        fn s14_any_byte_that_is_changed_added_or_taken_away_is_refused(
            (millis, order) in (millis(), any::<u128>()),
            whose in "[a-z]{1,64}",
            is_across in any::<bool>(),
            (place, byte) in (any::<prop::sample::Index>(), any::<u8>()),
        ) {
            let whose: CustomerId = whose.parse().unwrap();
            let binding = Binding { parts: LISTS[0], customer: (!is_across).then_some(&whose) };
            let cursor = binding.write(&key(1), &position(millis, order, &whose)).unwrap();
            let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
            let refuses = |bytes: &[u8]| {
                opened(&binding, &key(1), &URL_SAFE_NO_PAD.encode(bytes)).is_none()
            };
            let mut changed = bytes.clone();
            let at = place.index(bytes.len());
            changed[at] ^= byte.max(1);
            prop_assert!(refuses(&changed));
            let mut longer = bytes.clone();
            longer.insert(at, byte);
            prop_assert!(refuses(&longer));
            prop_assert!(refuses(&bytes[1..]) && refuses(&bytes[..bytes.len() - 1]));
            prop_assert!(refuses(&bytes[..at]));
            // The text has no second spelling either.
            let mut text = cursor.clone().into_bytes();
            let at = place.index(text.len());
            let other = byte & 0x7f;
            prop_assume!(other != text[at]);
            text[at] = other;
            let text = String::from_utf8(text).unwrap();
            prop_assert!(opened(&binding, &key(1), &text).is_none(), "{cursor} {text}");
            for text in [format!("{cursor}="), format!("{cursor}A"), format!(" {cursor}")] {
                prop_assert!(opened(&binding, &key(1), &text).is_none());
            }
        }
    }
}
