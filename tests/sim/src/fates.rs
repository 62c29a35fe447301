//! What becomes of orders that the policy carries: paid in time, late, never, too much, twice, or cancelled after payment.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{history::Asked, workload::Story};

/// Tries to ship an order. It may still wait for its confirmation.
const SHIPMENTS_MAX: u32 = 3;

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Paid in full, in time.
    Paid,
    /// Never paid.
    Unpaid,
    /// The provider declines.
    Declined,
    /// Paid at about the deadline, or after it.
    Late,
    /// One half is paid, and sometimes the other half.
    Halves,
    /// Captured twice, under two references.
    Twice,
    /// Captured in full, and some more.
    TooMuch,
    /// Captured in another currency first.
    InEuros,
    /// Paid, and cancelled by the customer.
    Cancelled,
    /// Paid, and confirmed by a person, while the policy does the same.
    ByHand,
}

impl Fate {
    pub(crate) const ALL: [Self; 10] = [
        Self::Paid,
        Self::Unpaid,
        Self::Declined,
        Self::Late,
        Self::Halves,
        Self::Twice,
        Self::TooMuch,
        Self::InEuros,
        Self::Cancelled,
        Self::ByHand,
    ];
}

impl Story {
    /// Takes the order to its end, or leaves it to the policy.
    pub(crate) async fn meet(&mut self, fate: Fate, total: u64, payment_time: Duration) {
        match fate {
            Fate::Unpaid => return,
            Fate::Declined => return self.report("declined", "JPY", total, "declined").await,
            Fate::Paid | Fate::ByHand => self.capture("one", total).await,
            Fate::Late => {
                self.client.world.sim.tried("a payment at about its deadline, or after it");
                self.pause(payment_time, payment_time + Duration::from_secs(120)).await;
                self.capture("one", total).await;
            }
            Fate::Halves => {
                self.capture("one", total / 2).await;
                if self.dice.per_mille(500) {
                    self.pause(Duration::ZERO, payment_time * 2).await;
                    self.capture("two", total - total / 2).await;
                }
            }
            Fate::Twice => {
                self.capture("one", total).await;
                self.pause(Duration::ZERO, payment_time * 2).await;
                self.capture("two", total).await;
            }
            Fate::TooMuch => self.capture("one", total + 70).await,
            Fate::InEuros => {
                self.report("euros", "EUR", total, "captured").await;
                self.capture("one", total).await;
            }
            Fate::Cancelled => {
                self.capture("one", total).await;
                self.pause(Duration::ZERO, payment_time * 2).await;
                self.race_to_cancel().await;
            }
        }
        if fate == Fate::ByHand {
            let _ = self.staff(Asked::Confirm, Value::Null).await;
        }
        self.ship_when_confirmed().await;
    }

    async fn ship_when_confirmed(&mut self) {
        for _ in 0..SHIPMENTS_MAX {
            self.pause(Duration::from_secs(1), Duration::from_secs(60)).await;
            let parcel = json!({ "carrier": "DHL", "trackingNumber": "0034" });
            let shipped = self.staff(Asked::Ship, parcel).await;
            if shipped.is_some_and(|answer| answer.status < 300) {
                let _ = self.staff(Asked::Deliver, Value::Null).await;
                return;
            }
        }
    }

    async fn capture(&mut self, name: &str, amount: u64) {
        self.report(name, "JPY", amount, "captured").await;
    }

    /// The provider reports a payment, sometimes twice under two keys.
    async fn report(&mut self, name: &str, currency: &str, amount: u64, outcome: &str) {
        let reference = format!("{name}-{}", self.order);
        let body = json!({ "reference": reference, "amount": amount, "currency": currency, "outcome": outcome });
        let _ = self.staff(Asked::Pay, body.clone()).await;
        if self.is_awkward(100) {
            let _ = self.staff(Asked::Pay, body).await;
        }
    }

    async fn pause(&mut self, least: Duration, most: Duration) {
        let pause = self.dice.time(least, most);
        self.client.world.sim.clone().sleep(pause).await;
    }
}
