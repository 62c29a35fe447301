//! Whatever happens, in whatever order it is told: the process comes to an end, and the money adds up.

use dekigoto::{Decider as _, Version};
use proptest::prelude::*;

use super::{
    CountPayment, CountRefund, Fulfilment, FulfilmentCommand, FulfilmentEvent, FulfilmentState,
    Phase, RefundRequested, RequestEnd, specs::start,
};
use crate::{
    Amount, Currency, PaymentId, Status,
    samples::{amount, payment_id, reference},
};

const TOTAL: u64 = 3000;

/// The payment with this name is in euros, not in the order's currency.
const IN_EUROS: u8 = 4;

fn currency_of(name: u8) -> Currency {
    let code = if name == IN_EUROS { "EUR" } else { "JPY" };
    code.parse().unwrap()
}

/// What people and the provider do.
#[derive(Clone, Copy, Debug)]
enum Action {
    Pay { name: u8, minor_units: u64 },
    Confirm,
    Ship,
    Cancel,
    RefundByHand { minor_units: u64 },
    Due,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (0..=IN_EUROS, prop_oneof![Just(1000), Just(TOTAL), 1..5000_u64])
            .prop_map(|(name, minor_units)| Action::Pay { name, minor_units }),
        1 => Just(Action::Confirm),
        1 => Just(Action::Ship),
        1 => Just(Action::Cancel),
        1 => (1..4000_u64).prop_map(|minor_units| Action::RefundByHand { minor_units }),
        1 => Just(Action::Due),
    ]
}

/// The order and its payments as they are, the process, and the inputs that it has not got yet.
struct World {
    status: Status,
    captured: Vec<(PaymentId, u8, u64, u64)>,
    version: u64,
    inbox: Vec<FulfilmentCommand>,
    process: FulfilmentState,
    asked: Vec<RefundRequested>,
}

impl World {
    fn new(confirms_itself: bool) -> Self {
        Self {
            status: Status::Pending,
            captured: Vec::new(),
            version: 0,
            inbox: vec![FulfilmentCommand::StartFulfilment(start(confirms_itself))],
            process: FulfilmentState::default(),
            asked: Vec::new(),
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Pay { name, minor_units } => self.pay(name, minor_units),
            Action::Confirm => self.become_status(Status::Confirmed, &[Status::Pending]),
            Action::Ship => self.become_status(Status::Shipped, &[Status::Confirmed]),
            Action::Cancel => {
                self.become_status(Status::Cancelled, &[Status::Pending, Status::Confirmed]);
            }
            Action::RefundByHand { minor_units } => {
                let first = self.captured.first().map(|(id, ..)| *id);
                if let Some(id) = first {
                    self.refund(id, minor_units);
                }
            }
            Action::Due => self.inbox.push(FulfilmentCommand::PassDeadline),
        }
    }

    fn become_status(&mut self, status: Status, from: &[Status]) {
        if from.contains(&self.status) {
            self.status = status;
            self.inbox.push(FulfilmentCommand::NoteStatus(status));
        }
    }

    fn pay(&mut self, name: u8, minor_units: u64) {
        let reference = reference(&format!("ch_{name}"));
        let payment_id = payment_id(reference.as_str());
        if self.captured.iter().any(|(id, ..)| *id == payment_id) {
            return;
        }
        self.version += 1;
        self.captured.push((payment_id, name, minor_units, 0));
        let amount = amount(minor_units);
        self.inbox.push(FulfilmentCommand::CountPayment(CountPayment {
            payment_id,
            reference,
            amount,
            currency: currency_of(name),
        }));
    }

    /// The provider refunds at most what is left of the payment.
    fn refund(&mut self, payment_id: PaymentId, minor_units: u64) {
        let payment = self.captured.iter_mut().find(|(id, ..)| *id == payment_id).unwrap();
        let (_, name, captured, refunded) = payment;
        let minor_units = minor_units.min(*captured - *refunded);
        if minor_units == 0 {
            return;
        }
        *refunded += minor_units;
        self.version += 1;
        self.inbox.push(FulfilmentCommand::CountRefund(CountRefund {
            payment_id,
            reference: reference(&format!("ch_{name}")),
            amount: amount(minor_units),
            currency: currency_of(*name),
            version: Version::new(self.version).unwrap(),
        }));
    }

    fn feed(&mut self, command: FulfilmentCommand) {
        let Ok(events) = Fulfilment::decide(&self.process, command);
        for event in &events {
            if let FulfilmentEvent::RefundRequested(request) = event {
                self.asked.push(request.clone());
            }
        }
        let process = std::mem::take(&mut self.process);
        self.process = events.iter().fold(process, Fulfilment::evolve);
    }

    /// Delivers one input, maybe not for the last time, and issues the request of the process.
    fn deliver(&mut self, place: usize, is_again: bool) {
        let place = place % self.inbox.len();
        let command = if is_again { self.inbox[place].clone() } else { self.inbox.remove(place) };
        self.feed(command);
        match self.process.phase() {
            Phase::Confirming => {
                let end = self.request(Status::Confirmed, self.status == Status::Pending);
                self.feed(FulfilmentCommand::EndConfirmation(end));
            }
            Phase::Cancelling => {
                let end = self.request(Status::Cancelled, self.status == Status::Pending);
                self.feed(FulfilmentCommand::EndCancellation(end));
            }
            Phase::Unplaced
            | Phase::AwaitingPayment
            | Phase::Waiting
            | Phase::Confirmed
            | Phase::Shipped
            | Phase::Cancelled => {}
        }
    }

    fn request(&mut self, status: Status, is_allowed: bool) -> RequestEnd {
        if !is_allowed {
            return RequestEnd::Refused;
        }
        self.become_status(status, &[Status::Pending]);
        RequestEnd::Done
    }

    /// Delivers the rest, lets the provider do what it was asked, and lets the deadline pass.
    fn settle(&mut self) {
        for round in 0..1000 {
            if !self.inbox.is_empty() {
                self.deliver(0, false);
            } else if let Some(RefundRequested { payment_id, amount, .. }) = self.asked.pop() {
                self.refund(payment_id, amount.into());
            } else if self.process.pay_until().is_some() {
                self.inbox.push(FulfilmentCommand::PassDeadline);
            } else {
                return;
            }
            assert!(round < 999, "the process does not come to rest");
        }
    }

    /// What is captured and not refunded, in the order's currency or in euros.
    fn kept(&self, in_euros: bool) -> u64 {
        let those = self.captured.iter().filter(|(_, name, ..)| (*name == IN_EUROS) == in_euros);
        those.map(|(_, _, captured, refunded)| captured - refunded).sum()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_process_ends_and_the_money_adds_up_whatever_happens_s10_l3(
        confirms_itself in any::<bool>(),
        steps in prop::collection::vec((action(), any::<prop::sample::Index>(), any::<bool>(), 0..3_u8), 0..20),
    ) {
        let mut world = World::new(confirms_itself);
        for (action, place, is_again, deliveries) in steps {
            world.act(action);
            for _ in 0..deliveries {
                if !world.inbox.is_empty() {
                    world.deliver(place.index(world.inbox.len()), is_again);
                }
            }
        }
        world.settle();
        let process = &world.process;
        prop_assert_eq!(process.paid(), amount(world.kept(false)), "the process knows what is kept");
        prop_assert_eq!(world.kept(true), 0, "another currency is refunded");
        let phase = process.phase();
        match world.status {
            Status::Cancelled => {
                prop_assert_eq!(phase, Phase::Cancelled);
                prop_assert_eq!(world.kept(false), 0, "a cancelled order is refunded");
                prop_assert!(process.is_ended());
            }
            Status::Shipped => {
                prop_assert_eq!(phase, Phase::Shipped);
                prop_assert!(world.kept(false) <= TOTAL, "a surplus is refunded");
                prop_assert!(process.is_ended());
            }
            Status::Confirmed => {
                prop_assert_eq!(phase, Phase::Confirmed);
                prop_assert!(world.kept(false) <= TOTAL, "a surplus is refunded");
            }
            // Only an order that is paid, and that a person confirms.
            Status::Pending => {
                prop_assert_eq!(phase, Phase::AwaitingPayment);
                prop_assert!(!confirms_itself);
                prop_assert_eq!(world.kept(false), TOTAL);
            }
            Status::Delivered => prop_assert!(false, "nobody delivers"),
        }
        prop_assert!(process.owed() == Some(Amount::ZERO) || world.status != Status::Cancelled);
    }
}
