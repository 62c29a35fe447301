//! Money: integers in the currency's minor unit, with arithmetic that cannot wrap.

use std::{borrow::Cow, fmt, str::FromStr};

use dekigoto::Explain;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::limits::{AMOUNT_MAX, UNIT_AMOUNT_MAX};

/// The currencies for payment: ISO 4217 list one of 2026-01-01 without metals, funds, accounting units and
/// test codes. Sorted.
///
/// Never remove a code, even when its currency is withdrawn: stored events hold it.
const CODES: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF",
    "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN",
    "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD",
    "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES",
    "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL",
    "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN",
    "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP",
    "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK",
    "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT",
    "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED", "VES",
    "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
];

/// An ISO 4217 currency code in upper case, such as `JPY`.
///
/// ```
/// use orders::Currency;
/// assert_eq!("JPY".parse::<Currency>()?.as_str(), "JPY");
/// assert!("jpy".parse::<Currency>().is_err());
/// # Ok::<(), orders::InvalidCurrency>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(inline, description = "An ISO 4217 code.", extend("pattern" = "^[A-Z]{3}$"))
)]
pub struct Currency(&'static str);

/// The text is not a supported currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a currency is an ISO 4217 code in upper case, such as JPY")]
pub struct InvalidCurrency;

impl Explain for InvalidCurrency {
    fn in_japanese(&self) -> Cow<'static, str> {
        "通貨は ISO 4217 の大文字のコード（例: JPY）で指定してください。".into()
    }
}

impl Currency {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, InvalidCurrency> {
        let place = CODES.binary_search(&text).map_err(|_| InvalidCurrency)?;
        CODES.get(place).copied().map(Self).ok_or(InvalidCurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The number is not a valid amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is an integer from 0 to {max} in the currency's minor unit")]
pub struct InvalidAmount {
    /// The kind of amount, such as `a unit amount`.
    pub what: &'static str,
    /// The same in Japanese.
    pub what_in_japanese: &'static str,
    pub max: u64,
}

impl Explain for InvalidAmount {
    fn in_japanese(&self) -> Cow<'static, str> {
        let Self { what_in_japanese: what, max, .. } = self;
        format!("{what}は通貨の最小単位で 0 から {max} までの整数です。").into()
    }
}

macro_rules! amount {
    ($(#[$doc:meta])* $name:ident, $what:literal, $japanese:literal, $max:expr) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[cfg_attr(
            feature = "schema",
            derive(schemars::JsonSchema),
            schemars(inline, extend("maximum" = $max))
        )]
        #[serde(try_from = "u64", into = "u64")]
        pub struct $name(u64);

        impl $name {
            pub const ZERO: Self = Self(0);

            pub const MAX: Self = Self($max);

            /// The number of minor units.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl TryFrom<u64> for $name {
            type Error = InvalidAmount;

            fn try_from(minor_units: u64) -> Result<Self, InvalidAmount> {
                if minor_units <= $max {
                    Ok(Self(minor_units))
                } else {
                    Err(InvalidAmount { what: $what, what_in_japanese: $japanese, max: $max })
                }
            }
        }

        impl From<$name> for u64 {
            fn from(amount: $name) -> Self {
                amount.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

amount! {
    /// The price of one piece: 0 to 10^12 minor units.
    UnitAmount, "a unit amount", "単価", UNIT_AMOUNT_MAX
}
amount! {
    /// An amount of money: 0 to 2^53 - 1 minor units.
    Amount, "an amount", "金額", AMOUNT_MAX
}

impl UnitAmount {
    /// The price of that many pieces; `None` above [`Amount::MAX`].
    #[must_use]
    pub fn times(self, pieces: u32) -> Option<Amount> {
        Amount::try_from(self.0.checked_mul(pieces.into())?).ok()
    }
}

impl Amount {
    /// The sum; `None` above [`Amount::MAX`].
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::try_from(self.0.checked_add(other.0)?).ok()
    }

    /// The difference; `None` below zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum, at most [`Amount::MAX`]. For folds, which must not fail: `decide` has checked the amounts.
    #[must_use]
    pub fn saturating_plus(self, other: Self) -> Self {
        self.plus(other).unwrap_or(Self::MAX)
    }

    /// The difference, at least zero. For folds, which must not fail: `decide` has checked the amounts.
    #[must_use]
    pub fn saturating_minus(self, other: Self) -> Self {
        self.minus(other).unwrap_or(Self::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_currency_codes_are_sorted() {
        assert!(CODES.is_sorted_by(|left, right| left < right));
        assert!(CODES.iter().all(|code| code.len() == 3));
        assert_eq!(CODES.len(), 155, "codes may be added, never removed");
    }

    #[test]
    fn only_known_currency_codes_in_upper_case_parse() {
        for code in ["JPY", "EUR", "USD", "KWD", "XOF", "ZWG"] {
            assert_eq!(code.parse::<Currency>().unwrap().as_str(), code);
        }
        for text in ["", "jpy", "Jpy", "JP", "JPYY", " JPY", "ZZZ", "XXX", "XTS", "XAU", "円"] {
            assert_eq!(text.parse::<Currency>(), Err(InvalidCurrency), "{text:?}");
        }
    }

    #[test]
    fn the_largest_amount_is_exact_in_every_json_reader() {
        assert_eq!(Amount::MAX.get(), 9_007_199_254_740_991);
        assert!(Amount::try_from(AMOUNT_MAX + 1).is_err());
        assert!(UnitAmount::try_from(UNIT_AMOUNT_MAX).is_ok());
        assert!(UnitAmount::try_from(UNIT_AMOUNT_MAX + 1).is_err());
    }

    #[test]
    fn arithmetic_returns_none_outside_the_range() {
        let one = Amount::try_from(1).unwrap();
        assert_eq!(Amount::MAX.plus(one), None);
        assert_eq!(Amount::ZERO.minus(one), None);
        assert_eq!(Amount::MAX.saturating_plus(one), Amount::MAX);
        assert_eq!(Amount::ZERO.saturating_minus(one), Amount::ZERO);
        assert_eq!(UnitAmount::MAX.times(10_000), None);
        assert_eq!(UnitAmount::MAX.times(u32::MAX), None);
        assert_eq!(UnitAmount::MAX.times(9_000).map(Amount::get), Some(9_000_000_000_000_000));
    }

    #[test]
    fn an_amount_in_json_is_an_integer_within_the_range() {
        assert!(serde_json::from_str::<Amount>("9007199254740991").is_ok());
        for text in
            ["9007199254740992", "-1", "1.0", "1e3", "\"1\"", "null", "18446744073709551616"]
        {
            assert!(serde_json::from_str::<Amount>(text).is_err(), "{text}");
        }
    }
}
