//! How an order is paid: what its payments say, or that staff accepts it on account.

use dekigoto::{History, Version};
use dekigoto_http::{App, Problem};
use orders::{
    OrderId, Paid,
    order::{Funds, Order},
    payment::Payment,
};

/// An order's payments, as they were read for a decision.
pub(super) struct Payments {
    paid: Paid,
    /// 0 before the first payment.
    pub(super) version: u64,
}

/// What was read for a command before it is carried out.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) order: Option<History<Order>>,
    pub(super) payments: Option<Payments>,
}

impl Loaded {
    /// The order and its payments, read side by side.
    pub(super) async fn both(app: &App, id: OrderId) -> Result<Self, Problem> {
        let (order, payments) = app.engine().load_two::<Order, Payment>(&id, &id).await?;
        let version = payments.head.version().map_or(0, Version::get);
        let payments = Payments { paid: payments.state.paid(), version };
        Ok(Self { order: Some(order), payments: Some(payments) })
    }
}

/// How the order is paid. Payments are read unless staff accepts the order without.
pub(super) async fn funds(
    app: &App,
    id: OrderId,
    on_account: bool,
) -> Result<(Funds, Loaded), Problem> {
    if on_account {
        return Ok((Funds::OnAccount, Loaded::default()));
    }
    let loaded = Loaded::both(app, id).await?;
    let paid = loaded.payments.as_ref().map(|payments| payments.paid.clone());
    Ok((Funds::Paid(paid.unwrap_or_default()), loaded))
}
