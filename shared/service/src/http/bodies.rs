//! The bodies of the commands. They serialize in the same form again: the fingerprint that goes with a command key is
//! taken of that.

use orders::{
    Amount, Carrier, Currency, CustomerId, DeclineReason, PaymentReference, ProductId, Reason,
    TrackingNumber, UnitAmount,
    limits::ITEMS_MAX,
    order::{InvalidOrder, Quantity},
    payment::Outcome,
};
use serde::Serialize;

use super::{
    fields::{Body, Fields, unsigned},
    problem::Kind,
};

/// `POST /v1/orders`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlaceBody {
    pub(super) customer_id: CustomerId,
    pub(super) currency: Currency,
    pub(super) items: Vec<ItemBody>,
}

/// One line of an order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemBody {
    pub(super) product_id: ProductId,
    pub(super) quantity: Quantity,
    pub(super) unit_amount: UnitAmount,
}

/// `POST /v1/orders/{orderId}/confirm` and `/deliver`: nothing to say.
#[derive(Default, Serialize)]
pub(super) struct EmptyBody {}

/// `POST /v1/orders/{orderId}/ship`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShipBody {
    pub(super) carrier: Carrier,
    pub(super) tracking_number: TrackingNumber,
}

/// `POST /v1/orders/{orderId}/cancel`.
#[derive(Serialize)]
pub(super) struct CancelBody {
    pub(super) reason: Reason,
}

/// `POST /v1/orders/{orderId}/payments`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PayBody {
    pub(super) reference: PaymentReference,
    pub(super) amount: Amount,
    pub(super) currency: Currency,
    pub(super) outcome: OutcomeBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) decline_reason: Option<DeclineReason>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OutcomeBody {
    Captured,
    Declined,
}

impl Body for PlaceBody {
    const INVALID: Kind = Kind::InvalidOrder;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let customer_id = fields.text("customerId");
        let currency = currency(fields);
        let items = fields.list("items", ITEMS_MAX, InvalidOrder::TooManyItems);
        let items = items.and_then(|items: Vec<ItemBody>| {
            let given = if items.is_empty() { Err(InvalidOrder::NoItems) } else { Ok(items) };
            fields.check("items", given)
        });
        Some(Self { customer_id: customer_id?, currency: currency?, items: items? })
    }
}

impl Body for ItemBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let product_id = fields.text("productId");
        let quantity = fields.whole("quantity");
        let unit_amount = fields.whole("unitAmount");
        Some(Self { product_id: product_id?, quantity: quantity?, unit_amount: unit_amount? })
    }
}

impl Body for EmptyBody {
    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self {})
    }
}

impl Body for ShipBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let carrier = fields.text("carrier");
        let tracking_number = fields.text("trackingNumber");
        Some(Self { carrier: carrier?, tracking_number: tracking_number? })
    }
}

impl Body for CancelBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { reason: fields.text("reason")? })
    }
}

impl Body for PayBody {
    const INVALID: Kind = Kind::InvalidPayment;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let reference = fields.text("reference");
        let amount = fields.integer("amount");
        let amount =
            amount.and_then(|amount| fields.check("amount", Amount::try_from(unsigned(amount))));
        let currency = currency(fields);
        let outcome = fields.text("outcome");
        let decline_reason = fields.optional_text("declineReason");
        if let (Some(OutcomeBody::Captured), Some(Some(_))) = (outcome, &decline_reason) {
            fields.check::<()>("declineReason", Err("belongs to a declined payment"))?;
        }
        Some(Self {
            reference: reference?,
            amount: amount?,
            currency: currency?,
            outcome: outcome?,
            decline_reason: decline_reason?,
        })
    }
}

impl std::str::FromStr for OutcomeBody {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "captured" => Ok(Self::Captured),
            "declined" => Ok(Self::Declined),
            _ => Err("an outcome is captured or declined"),
        }
    }
}

impl PayBody {
    /// What the provider said.
    pub(super) fn outcome(&self) -> Outcome {
        match self.outcome {
            OutcomeBody::Captured => Outcome::Captured,
            OutcomeBody::Declined => Outcome::Declined(self.decline_reason.clone()),
        }
    }
}

/// A currency that does not exist is a business error and not a malformed request.
fn currency(fields: &mut Fields<'_>) -> Option<Currency> {
    let text: String = fields.text("currency")?;
    fields.check("currency", text.parse())
}
