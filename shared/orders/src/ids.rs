//! Ids. A value of these types has passed its checks.

use std::{borrow::Cow, fmt, str::FromStr};

use dekigoto::{CommandKey, Explain};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::{PaymentReference, limits::ID_BYTES_MAX};

/// The UUIDv5 namespace of order ids. It must never change: a repeated PlaceOrder must always give the same order id.
const ORDERS: Uuid = Uuid::from_u128(0x8d1f_6f0e_5a3c_4c0b_9b0e_0d2b_7c9e_51a4);

/// The text is not a valid id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {form}")]
pub struct InvalidId {
    /// The kind of id, such as `an order id`.
    pub what: &'static str,
    /// The same in Japanese.
    pub what_in_japanese: &'static str,
    /// The required form.
    pub form: IdForm,
}

/// The form that an id must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdForm {
    /// A UUID in lower case.
    Uuid,
    /// Letters, digits and some signs.
    Name,
}

impl fmt::Display for IdForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uuid => "a UUID in lower case, such as 0198c1f2-7a3b-5c4d-8e5f-60718293a4b5",
            Self::Name => "1 to 64 letters, digits and . _ : @ | - characters",
        })
    }
}

impl Explain for InvalidId {
    fn in_japanese(&self) -> Cow<'static, str> {
        let form = match self.form {
            IdForm::Uuid => "小文字の UUID（例: 0198c1f2-7a3b-5c4d-8e5f-60718293a4b5）",
            IdForm::Name => "英数字と . _ : @ | - からなる 1〜64 文字",
        };
        format!("{} は{form}で指定してください。", self.what_in_japanese).into()
    }
}

const _: () = assert!(ID_BYTES_MAX == 64, "IdForm::Name and NAME_PATTERN name the limit");

#[cfg(feature = "schema")]
const UUID_PATTERN: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
#[cfg(feature = "schema")]
const NAME_PATTERN: &str = "^[A-Za-z0-9._:@|-]{1,64}$";

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $japanese:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(
            feature = "schema",
            derive(schemars::JsonSchema),
            schemars(inline, extend("pattern" = UUID_PATTERN))
        )]
        pub struct $name(#[cfg_attr(feature = "schema", schemars(with = "String"))] Uuid);

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let invalid = InvalidId { what: $what, what_in_japanese: $japanese, form: IdForm::Uuid };
                let id = Uuid::try_parse(text).map(Self).map_err(|_| invalid)?;
                // Only one spelling is valid: a second one would name a second stream.
                if id.to_string() == text { Ok(id) } else { Err(invalid) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

uuid_id! {
    /// An order's id: a UUID in lower case. The order's payment stream has the same id.
    OrderId, "an order id", "注文 ID"
}
uuid_id! {
    /// A payment's id: a UUID in lower case.
    PaymentId, "a payment id", "支払い ID"
}

impl OrderId {
    /// The id of the order that this command places. The same caller and key always give the same id, so a
    /// repeated command finds its own first commit.
    #[must_use]
    pub fn derive(actor: &str, key: &CommandKey) -> Self {
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        let name = format!("{}:{actor}{key}", actor.len());
        Self(Uuid::new_v5(&ORDERS, name.as_bytes()))
    }
}

impl PaymentId {
    /// The id of this order's payment that has this provider reference.
    #[must_use]
    pub fn derive(order: OrderId, reference: &PaymentReference) -> Self {
        Self(Uuid::new_v5(&order.0, reference.as_str().as_bytes()))
    }
}

/// Allows what ids of other systems contain, such as the OpenID Connect subject `auth0|5f7c`, but none of the
/// separators in our keys.
fn is_name(text: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:@|-".contains(&byte))
}

macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $japanese:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(
            feature = "schema",
            derive(schemars::JsonSchema),
            schemars(inline, extend("pattern" = NAME_PATTERN))
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                if is_name(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidId { what: $what, what_in_japanese: $japanese, form: IdForm::Name })
                }
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_id! {
    /// A customer's id from another system: 1 to 64 letters, digits and `. _ : @ | -`.
    CustomerId, "a customer id", "顧客 ID"
}
name_id! {
    /// A product's id from another system: 1 to 64 letters, digits and `. _ : @ | -`.
    ProductId, "a product id", "商品 ID"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> CommandKey {
        text.parse().unwrap()
    }

    #[test]
    fn an_order_id_depends_only_on_the_caller_and_the_key() {
        assert_eq!(OrderId::derive("a", &key("k")), OrderId::derive("a", &key("k")));
        assert_ne!(OrderId::derive("a", &key("k")), OrderId::derive("b", &key("k")));
        assert_ne!(OrderId::derive("a", &key("k")), OrderId::derive("a", &key("l")));
    }

    #[test]
    fn an_order_id_depends_on_where_the_caller_ends_and_the_key_begins() {
        assert_ne!(OrderId::derive("ab", &key("c")), OrderId::derive("a", &key("bc")));
        assert_ne!(OrderId::derive("1:a", &key("b")), OrderId::derive("", &key("1:ab")));
    }

    /// If this fails, a PlaceOrder that is retried across a deployment places a second order.
    #[test]
    fn the_derivation_of_ids_never_changes() {
        let order = OrderId::derive("shop", &key("checkout-7"));
        assert_eq!(order.to_string(), "427121ed-1e34-5e29-9425-7f35d5061ef6");
        let payment = PaymentId::derive(order, &"ch_1".parse().unwrap());
        assert_eq!(payment.to_string(), "509186ef-9c2e-5964-bb19-359e7fef32d6");
    }

    #[test]
    fn an_order_id_has_one_spelling() {
        let good = "0198c1f2-7a3b-5c4d-8e5f-60718293a4b5";
        assert!(good.parse::<OrderId>().is_ok());
        let bad = [
            "",
            "0",
            "0198C1F2-7A3B-5C4D-8E5F-60718293A4B5",
            "0198c1f27a3b5c4d8e5f60718293a4b5",
            "{0198c1f2-7a3b-5c4d-8e5f-60718293a4b5}",
            "urn:uuid:0198c1f2-7a3b-5c4d-8e5f-60718293a4b5",
            "0198c1f2-7a3b-5c4d-8e5f-60718293a4b5 ",
            "../x",
            "%00",
            "Order#1",
            "🙂",
        ];
        for text in bad {
            assert!(text.parse::<OrderId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_customer_id_may_hold_foreign_ids_but_no_separators_of_our_keys() {
        for text in ["c-42", "a", "auth0|5f7c8ec7", "mail@example.org", "urn:x:1", &"x".repeat(64)]
        {
            assert!(text.parse::<CustomerId>().is_ok(), "{text:?}");
        }
        for text in ["", "a b", "a#b", "a/b", "a%20b", "é", "a\n", "\0", &"x".repeat(65)] {
            assert!(text.parse::<CustomerId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn deserializing_checks_ids_too() {
        assert!(serde_json::from_str::<ProductId>(r#""p-1""#).is_ok());
        assert!(serde_json::from_str::<ProductId>(r#""p 1""#).is_err());
        assert!(serde_json::from_str::<OrderId>(r#""p-1""#).is_err());
        let id = "0198c1f2-7a3b-5c4d-8e5f-60718293a4b5";
        let read: OrderId = serde_json::from_str(&format!("\"{id}\"")).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), format!("\"{id}\""));
    }
}
