//! How an order is paid: what its payments say, or that staff accepts it on account.

use dekigoto::Version;
use dekigoto_http::{App, Problem};
use orders::{OrderId, Paid, order::Funds, payment::Payment};

/// An order's payments, as they were read for a decision.
pub(super) struct Payments {
    paid: Paid,
    /// 0 before the first payment.
    pub(super) version: u64,
}

impl Payments {
    pub(super) async fn load(app: &App, order: OrderId) -> Result<Self, Problem> {
        let history = app.engine().load::<Payment>(&order).await?;
        let version = history.head.version().map_or(0, Version::get);
        Ok(Self { paid: history.state.paid(), version })
    }
}

/// How the order is paid. Payments are read unless staff accepts the order without.
pub(super) async fn funds(
    app: &App,
    order: OrderId,
    on_account: bool,
) -> Result<(Funds, Option<Payments>), Problem> {
    if on_account {
        return Ok((Funds::OnAccount, None));
    }
    let payments = Payments::load(app, order).await?;
    Ok((Funds::Paid(payments.paid.clone()), Some(payments)))
}
