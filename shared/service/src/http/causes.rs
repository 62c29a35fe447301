//! What the domain, the engine and the stores say, as problems.

use dekigoto::{CommandError, LoadError, ReadError, SchemaError, Source, ViewError};
use orders::{
    order::{InvalidOrder, OrderRefusal},
    payment::{InvalidPayment, PaymentRefusal},
};

use super::problem::{FieldFault, Kind, Problem};

fn unavailable(cause: impl Into<Source>) -> Problem {
    let detail = "The store does not answer. Send the same request again, a command with the same \
                  Idempotency-Key.";
    Problem::new(Kind::Unavailable, detail).because(cause)
}

fn internal(cause: impl Into<Source>) -> Problem {
    let detail =
        "Something broke on our side; nothing was lost. Tell us the instance if it goes on.";
    Problem::new(Kind::Internal, detail).because(cause)
}

/// What the store said, for a command whose refusals say it in their own words.
pub(super) fn of_command<R: Into<Problem>>(error: CommandError<R>) -> Problem {
    match error {
        CommandError::Refused(refusal) => refusal.into(),
        CommandError::KeyReused => Problem::new(
            Kind::KeyReused,
            "This Idempotency-Key belongs to another request. Use a new key for a new request.",
        ),
        CommandError::PreconditionFailed { actual } => {
            let at = actual.map_or_else(
                || "does not exist".to_owned(),
                |version| format!("is at version {version}"),
            );
            let detail = format!("The stream {at}. Read it again and decide again.");
            Problem::new(Kind::PreconditionFailed, detail)
        }
        CommandError::Conflict => Problem::new(
            Kind::VersionConflict,
            "Other commands on the same order were faster each time. Send it again.",
        ),
        CommandError::TooLarge(cause) => {
            Problem::new(Kind::PayloadTooLarge, cause.to_string()).because(cause)
        }
        CommandError::Unavailable(cause) | CommandError::Unknown(cause) => unavailable(cause),
        CommandError::Broken(cause) => internal(cause),
    }
}

impl From<LoadError> for Problem {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Read(error) => error.into(),
            LoadError::Schema { cause, .. } => cause.into(),
        }
    }
}

impl From<SchemaError> for Problem {
    fn from(error: SchemaError) -> Self {
        match error {
            // While a deployment is under way, old code meets what new code wrote. It will have gone in a moment.
            error @ SchemaError::Newer { .. } => unavailable(error),
            error @ (SchemaError::UnknownEvent(_) | SchemaError::Malformed { .. }) => {
                internal(error)
            }
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(cause) => unavailable(cause),
            error @ (ReadError::Corrupt(_) | ReadError::Broken(_)) => internal(error),
        }
    }
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Unavailable(cause) => unavailable(cause),
            error @ (ViewError::Conflict | ViewError::Broken(_)) => internal(error),
        }
    }
}

impl From<OrderRefusal> for Problem {
    fn from(refusal: OrderRefusal) -> Self {
        let kind = match &refusal {
            OrderRefusal::NotFound => return Self::not_found(),
            OrderRefusal::AlreadyPlaced | OrderRefusal::IllegalTransition { .. } => {
                Kind::IllegalTransition
            }
            OrderRefusal::InvalidOrder(invalid) => return invalid_order(invalid),
        };
        Self::new(kind, refusal.to_string())
    }
}

impl From<PaymentRefusal> for Problem {
    fn from(refusal: PaymentRefusal) -> Self {
        let kind = match &refusal {
            PaymentRefusal::InvalidPayment(invalid) => return invalid_payment(invalid),
            PaymentRefusal::NotFound => return Self::not_found(),
            PaymentRefusal::ReferenceReused
            | PaymentRefusal::AlreadyPaid
            | PaymentRefusal::TooManyPayments
            | PaymentRefusal::NotCaptured
            | PaymentRefusal::RefundTooLarge { .. } => Kind::IllegalTransition,
        };
        Self::new(kind, refusal.to_string())
    }
}

fn invalid_order(invalid: &InvalidOrder) -> Problem {
    let pointer = match invalid {
        InvalidOrder::NoItems | InvalidOrder::TooManyItems | InvalidOrder::TotalTooLarge => {
            "/items"
        }
    };
    at_fault(Kind::InvalidOrder, pointer, invalid)
}

fn invalid_payment(invalid: &InvalidPayment) -> Problem {
    let pointer = match invalid {
        InvalidPayment::Zero | InvalidPayment::TotalTooLarge => "/amount",
        InvalidPayment::OtherCurrency { .. } => "/currency",
    };
    at_fault(Kind::InvalidPayment, pointer, invalid)
}

fn at_fault(kind: Kind, pointer: &str, why: &dyn std::fmt::Display) -> Problem {
    let fault = FieldFault { pointer: pointer.to_owned(), detail: why.to_string() };
    Problem::new(kind, why.to_string()).with_faults(vec![fault])
}
