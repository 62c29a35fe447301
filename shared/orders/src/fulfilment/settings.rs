//! The settings of the policy, as text: environment variables of a process.

use std::time::Duration;

use super::Fulfilment;

/// The default time to pay an order.
pub const PAYMENT_TIME: Duration = Duration::from_secs(30 * 60);

/// The longest time to pay an order: a year. The deadlines of all open orders stay in the view.
pub const PAYMENT_TIME_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

/// A setting has no such value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSetting {
    #[error("the time to pay an order is 1 to {} seconds", PAYMENT_TIME_MAX.as_secs())]
    PaymentSeconds,
    #[error("the confirmation of a paid order is automatic or manual")]
    Confirmation,
}

impl Default for Fulfilment {
    fn default() -> Self {
        Self { payment_time: PAYMENT_TIME, confirms_itself: true }
    }
}

impl Fulfilment {
    /// The same policy with this time to pay, in seconds.
    ///
    /// # Errors
    /// When the text is no such number.
    pub fn payment_seconds(self, text: &str) -> Result<Self, InvalidSetting> {
        let seconds = text.parse().ok().map(Duration::from_secs);
        let fits = |time: &Duration| *time >= Duration::from_secs(1) && *time <= PAYMENT_TIME_MAX;
        let payment_time = seconds.filter(fits).ok_or(InvalidSetting::PaymentSeconds)?;
        Ok(Self { payment_time, ..self })
    }

    /// The same policy with `automatic` or `manual` confirmation.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn confirmation(self, text: &str) -> Result<Self, InvalidSetting> {
        let confirms_itself = match text {
            "automatic" => true,
            "manual" => false,
            _ => return Err(InvalidSetting::Confirmation),
        };
        Ok(Self { confirms_itself, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_strictly() {
        let default = Fulfilment::default();
        let expected = Fulfilment { payment_time: Duration::from_secs(90), confirms_itself: false };
        let read = default.payment_seconds("90").and_then(|it| it.confirmation("manual"));
        assert_eq!(read, Ok(expected));
        assert_eq!(expected.confirmation("automatic").map(|it| it.confirms_itself), Ok(true));
        for text in ["", "0", "-1", "1.5", "90s", "99999999999"] {
            assert_eq!(
                default.payment_seconds(text),
                Err(InvalidSetting::PaymentSeconds),
                "{text}"
            );
        }
        for text in ["", "yes", "Automatic"] {
            assert_eq!(default.confirmation(text), Err(InvalidSetting::Confirmation), "{text}");
        }
    }
}
