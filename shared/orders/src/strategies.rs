//! Values for property tests: usual, extreme and odd ones.
#![allow(clippy::unwrap_used, reason = "test data")]

use proptest::{collection::vec, option, prelude::*};

use crate::{
    Amount, Carrier, Currency, CustomerId, Day, DeclineReason, Paid, PaymentReference, ProductId,
    Quantity, Reason, TrackingNumber, UnitAmount,
    order::{CancelOrder, ConfirmOrder, Funds, Item, OrderCommand, PlaceOrder, ShipOrder},
    payment::{Outcome, PaymentCommand, ProcessPayment, RefundOutcome, RefundPayment},
    samples::{amount, paid_order, reference, refund_reference},
};

/// Valid text of several languages, with characters that JSON must escape.
fn text() -> impl Strategy<Value = String> {
    "[\"\\\\a-zA-Z0-9 éß漢字🙂<>=]{0,15}x".prop_map(|text| text.trim_start().to_owned())
}

fn customer_id() -> impl Strategy<Value = CustomerId> {
    "[A-Za-z0-9._:@|-]{1,64}".prop_map(|text| text.parse().unwrap())
}

fn currency() -> impl Strategy<Value = Currency> {
    prop_oneof![Just("JPY"), Just("EUR"), Just("KWD")].prop_map(|code| code.parse().unwrap())
}

fn day() -> impl Strategy<Value = Day> {
    (0i64..4_000_000_000_000)
        .prop_map(|millis| Day::of(dekigoto::Timestamp::from_millis(millis).unwrap()))
}

fn item() -> impl Strategy<Value = Item> {
    let product_id = "[a-z0-9-]{1,64}".prop_map(|text| text.parse::<ProductId>().unwrap());
    let quantity = prop_oneof![9 => 1..=20u32, 1 => Just(10_000)];
    let unit_amount = prop_oneof![9 => 0..=5_000u64, 1 => Just(1_000_000_000_000)];
    (product_id, quantity, unit_amount).prop_map(|(product_id, quantity, unit_amount)| Item {
        product_id,
        quantity: Quantity::try_from(u64::from(quantity)).unwrap(),
        unit_amount: UnitAmount::try_from(unit_amount).unwrap(),
    })
}

pub fn place_order() -> impl Strategy<Value = PlaceOrder> {
    (customer_id(), currency(), vec(item(), 0..6), day()).prop_map(
        |(customer_id, currency, items, placed_on)| PlaceOrder {
            customer_id,
            currency,
            items,
            listed: Default::default(),
            placed_on,
            time_zone: Default::default(),
        },
    )
}

/// Mostly enough for an order.
fn funds() -> impl Strategy<Value = Funds> {
    prop_oneof![
        4 => currency().prop_map(|currency| Funds::Paid(Paid::of(currency, Amount::MAX))),
        1 => (currency(), 0..5_000u64)
            .prop_map(|(currency, paid)| Funds::Paid(Paid::of(currency, amount(paid)))),
        1 => Just(Funds::OnAccount),
    ]
}

fn ship_order() -> impl Strategy<Value = ShipOrder> {
    (text(), text(), funds()).prop_map(|(carrier, number, funds)| ShipOrder {
        carrier: carrier.parse::<Carrier>().unwrap(),
        tracking_number: number.parse::<TrackingNumber>().unwrap(),
        funds,
    })
}

fn reason() -> impl Strategy<Value = Reason> {
    text().prop_map(|text| text.parse().unwrap())
}

pub fn order_command() -> impl Strategy<Value = OrderCommand> {
    prop_oneof![
        2 => place_order().prop_map(OrderCommand::PlaceOrder),
        2 => funds().prop_map(|funds| OrderCommand::ConfirmOrder(ConfirmOrder { funds })),
        2 => ship_order().prop_map(OrderCommand::ShipOrder),
        2 => Just(OrderCommand::DeliverOrder),
        1 => reason().prop_map(|reason| OrderCommand::CancelOrder(CancelOrder { reason })),
    ]
}

fn small_reference() -> impl Strategy<Value = PaymentReference> {
    // Few references, so that they repeat.
    (0..6u8).prop_map(|number| reference(&format!("ch_{number}")))
}

/// The sample order is worth 3,000.
fn payment_amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        6 => 0..=3_000u64,
        1 => Just(3_000u64),
        1 => Just(Amount::MAX.get()),
        1 => 0..=Amount::MAX.get(),
    ]
    .prop_map(amount)
}

/// Mostly the order's currency.
fn payment_currency() -> impl Strategy<Value = Currency> {
    prop_oneof![6 => Just("JPY"), 1 => Just("EUR")].prop_map(|code| code.parse().unwrap())
}

fn process_payment() -> impl Strategy<Value = PaymentCommand> {
    let declined = option::of(text().prop_map(|text| text.parse::<DeclineReason>().unwrap()));
    let outcome =
        prop_oneof![3 => Just(Outcome::Captured), 1 => declined.prop_map(Outcome::Declined)];
    (small_reference(), payment_amount(), payment_currency(), outcome).prop_map(
        |(reference, amount, currency, outcome)| {
            let order = paid_order();
            let command = ProcessPayment { order, reference, amount, currency, outcome };
            PaymentCommand::ProcessPayment(command)
        },
    )
}

fn refund_payment() -> impl Strategy<Value = PaymentCommand> {
    // Few references, so that they repeat.
    let refund_reference = (0..6u8).prop_map(|number| refund_reference(&format!("re_{number}")));
    let outcome = prop_oneof![3 => Just(RefundOutcome::Refunded), 1 => Just(RefundOutcome::Failed)];
    (small_reference(), refund_reference, payment_amount(), outcome, option::of(reason())).prop_map(
        |(reference, refund_reference, amount, outcome, reason)| {
            let command = RefundPayment { reference, refund_reference, amount, outcome, reason };
            PaymentCommand::RefundPayment(command)
        },
    )
}

pub fn payment_command() -> impl Strategy<Value = PaymentCommand> {
    prop_oneof![3 => process_payment(), 2 => refund_payment()]
}
