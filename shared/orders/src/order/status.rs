//! The status of an order.

use std::{borrow::Cow, fmt, str::FromStr};

use dekigoto::Explain;
use serde::{Deserialize, Serialize};

/// The status of an order. In the order of an order's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Placed, not yet confirmed.
    Pending,
    /// The shop accepted it.
    Confirmed,
    /// The carrier has it.
    Shipped,
    /// The customer has it.
    Delivered,
    /// Cancelled before it was shipped.
    Cancelled,
}

/// The text is not a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a status is pending, confirmed, shipped, delivered or cancelled")]
pub struct UnknownStatus;

impl Explain for UnknownStatus {
    fn in_japanese(&self) -> Cow<'static, str> {
        "ステータスは pending、confirmed、shipped、delivered、cancelled のいずれかです。".into()
    }
}

impl Status {
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Confirmed, Self::Shipped, Self::Delivered, Self::Cancelled];

    /// The name in lower case, as HTTP and views write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_one_name_in_text_and_json() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("\"{status}\""));
        }
        assert_eq!("Pending".parse::<Status>(), Err(UnknownStatus));
        assert_eq!("".parse::<Status>(), Err(UnknownStatus));
    }
}
