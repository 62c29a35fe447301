//! A rolling deployment: for a while, some machines of the order's view run the version before today's, which showed no
//! payments.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use dekigoto::{
    Envelope, Index, RowKey,
    batch::Report,
    views::{Fold, SingleView, View},
};
use dekigoto_testkit::sim::{Dice, Sim};
use order_service::OrderSummaryView;
use orders::{
    order::{Order, OrderEvent},
    payment::{Payment, PaymentEvent},
};

type Row = <OrderSummaryView as View>::Row;

/// Runs in a thousand that have such a deployment.
const RUNS: u32 = 200;

/// Machines in a thousand that run old code, while it lasts.
const OLD_MACHINES: u32 = 500;

/// The deployment of one run.
#[derive(Clone)]
pub(crate) struct Rollout(Arc<Inner>);

struct Inner {
    sim: Sim,
    is_over: AtomicBool,
    dice: Mutex<Dice>,
}

impl Rollout {
    pub(crate) fn draw(sim: &Sim) -> Self {
        let mut dice = sim.dice(1 << 46);
        let is_over = AtomicBool::new(!dice.per_mille(RUNS));
        Self(Arc::new(Inner { sim: sim.clone(), is_over, dice: Mutex::new(dice) }))
    }

    /// Whether a machine that starts now runs old code.
    pub(crate) fn starts_old_code(&self) -> bool {
        let Inner { sim, dice, .. } = &*self.0;
        let is_old = !self.is_over() && dice.lock().unwrap().per_mille(OLD_MACHINES);
        if is_old {
            sim.tried("a function of old code beside new code, during a deployment");
        }
        is_old
    }

    /// Looks at a report of old code.
    pub(crate) fn look_at(&self, report: &Report) {
        if report.reasons.iter().any(|(_, reason)| reason.contains("newer code wrote the row")) {
            self.0.sim.mark("a row of newer code was left alone");
        }
    }

    /// From now on, every machine runs new code.
    pub(crate) fn end(&self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.is_over.load(Ordering::Relaxed)
    }
}

/// The order's view without payments.
pub(crate) struct OldOrderSummary<const SCHEMA: u32>;

impl<const SCHEMA: u32> View for OldOrderSummary<SCHEMA> {
    type Row = Row;
    type Folds = (Order, Payment);

    const NAME: &'static str = OrderSummaryView::NAME;
    const SCHEMA: u32 = SCHEMA;
}

impl<const SCHEMA: u32> Fold<Order> for OldOrderSummary<SCHEMA> {
    fn row_key(event: &OrderEvent, envelope: &Envelope) -> Option<RowKey> {
        <OrderSummaryView as Fold<Order>>::row_key(event, envelope)
    }

    fn fold(row: &mut Row, event: &OrderEvent, envelope: &Envelope) {
        <OrderSummaryView as Fold<Order>>::fold(row, event, envelope);
    }
}

impl<const SCHEMA: u32> Fold<Payment> for OldOrderSummary<SCHEMA> {
    fn row_key(event: &PaymentEvent, envelope: &Envelope) -> Option<RowKey> {
        <OrderSummaryView as Fold<Payment>>::row_key(event, envelope)
    }

    fn fold(_: &mut Row, _: &PaymentEvent, _: &Envelope) {}
}

impl<const SCHEMA: u32> SingleView for OldOrderSummary<SCHEMA> {
    fn indexes(key: &RowKey, row: &Row) -> Vec<(Index, RowKey)> {
        OrderSummaryView::indexes(key, row)
    }
}
