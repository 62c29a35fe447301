//! The effects of two processes that meet on one order: that of the fulfilment, and that of a policy which gives an order up
//! when a payment is declined.

use std::{convert::Infallible, sync::Arc, time::Duration};

use async_trait::async_trait;
use dekigoto::{
    Aggregate, AppendError, Commit, Decider, Engine, Envelope, EventStore, Expect, Host as _,
    Ports, ReadError, ReadFrom, StreamId, Version,
    batch::Outcome,
    event_schema,
    policies::{AnyPolicy, DueProcess, Effect, Ended, Policy, Reaction, same_id},
    read_events,
};
use dekigoto_testkit::{World, context};
use futures_util::future::join;
use order_service::{Fulfilment, service};
use orders::{
    OrderId,
    fulfilment::{FulfilmentState, Phase},
    order::{CancelOrder, Order, OrderCommand, OrderRefusal},
    payment::{self, PaidOrder, Payment, PaymentCommand, ProcessPayment},
    samples,
};
use serde::{Deserialize, Serialize};

/// Cancels an order when a payment is declined.
struct GiveUp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    Begun,
    Ended(bool),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Given {
    Begun(Step),
    Ended(Step),
}

event_schema! { Given { Begun as "GiveUpBegun": 1, Ended as "GiveUpEnded": 1 } }

impl Decider for GiveUp {
    type Command = Step;
    type Event = Given;
    type State = Option<Step>;
    type Refusal = Infallible;

    fn decide(state: &Option<Step>, command: Step) -> Result<Vec<Given>, Infallible> {
        Ok(match (state, &command) {
            (None, Step::Begun) => vec![Given::Begun(command)],
            (Some(Step::Begun), Step::Ended(_)) => vec![Given::Ended(command)],
            (None | Some(Step::Begun | Step::Ended(_)), Step::Begun | Step::Ended(_)) => vec![],
        })
    }

    fn evolve(_: Option<Step>, event: &Given) -> Option<Step> {
        match event {
            Given::Begun(step) | Given::Ended(step) => Some(step.clone()),
        }
    }
}

impl Aggregate for GiveUp {
    type Id = OrderId;

    const TYPE: &'static str = "GiveUp";
    const SNAPSHOT_SCHEMA: u32 = 1;
}

impl Policy for GiveUp {
    const NAME: &'static str = "give-up";
    const EVENTS: &'static [&'static str] = &["PaymentFailed"];

    fn react(&self, event: &Envelope) -> Reaction<Self> {
        Ok(Some((same_id::<Self>(event)?, Step::Begun)))
    }

    fn effect(order: &OrderId, state: &Option<Step>) -> Option<Effect<Self>> {
        let cancel = CancelOrder { reason: "the payment was declined".parse().ok()? };
        let ended = |ended: Ended<OrderRefusal>| Step::Ended(ended == Ended::Done);
        let cancel = OrderCommand::CancelOrder(cancel);
        (*state == Some(Step::Begun)).then(|| Effect::command::<Order>(1, *order, cancel, ended))
    }
}

/// A store in which every call lets the other delivery run first, after as many of its calls as were asked for.
struct Yielding {
    store: Arc<dyn EventStore>,
    calls: usize,
}

impl Yielding {
    async fn step_back(&self) {
        for _ in 0..self.calls {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl EventStore for Yielding {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        self.step_back().await;
        self.store.append(commit).await
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        let read = self.store.read(stream, from, limit).await;
        self.step_back().await;
        read
    }
}

/// An order with its two processes.
struct Meeting {
    world: World,
    order: OrderId,
    fulfilment: Arc<dyn AnyPolicy>,
}

impl Meeting {
    /// An order whose fulfilment has begun.
    async fn of_a_placed_order() -> Self {
        let fulfilment = service().policy_named("fulfilment").unwrap();
        let meeting = Self { world: World::default(), order: samples::order_id(), fulfilment };
        meeting.order(OrderCommand::PlaceOrder(samples::place())).await;
        let placed = meeting.newest::<Order>().await;
        assert_eq!(meeting.fulfil(&placed).await, Outcome::Applied);
        meeting
    }

    fn ports(&self, calls: usize) -> Ports {
        let ports = self.world.ports();
        Ports { store: Arc::new(Yielding { store: ports.store, calls }), ..ports }
    }

    fn engine(&self) -> Engine {
        let ports = self.world.ports();
        Engine::new(ports.store, ports.host)
    }

    async fn order(&self, command: OrderCommand) {
        let answer = self.engine();
        let context = context("order");
        answer.execute::<Order>(&self.order, command, &context, Expect::Anything).await.unwrap();
    }

    /// The provider reports a payment. Returns the event that records it.
    async fn pays(&self, key: &str, outcome: payment::Outcome) -> Envelope {
        let order = self.engine().load::<Order>(&self.order).await.unwrap();
        let command = PaymentCommand::ProcessPayment(ProcessPayment {
            order: PaidOrder::new(self.order, order.state.placed().unwrap()),
            reference: key.parse().unwrap(),
            amount: samples::amount(3000),
            currency: samples::place().currency,
            outcome,
        });
        let (engine, context) = (self.engine(), context(key));
        engine.execute::<Payment>(&self.order, command, &context, Expect::Anything).await.unwrap();
        self.newest::<Payment>().await
    }

    async fn events<A: Aggregate<Id = OrderId>>(&self) -> Vec<Envelope> {
        let stream = A::stream(&self.order).unwrap();
        read_events(&*self.world.ports().store, &stream, Version::FIRST, 100).await.unwrap()
    }

    async fn newest<A: Aggregate<Id = OrderId>>(&self) -> Envelope {
        self.events::<A>().await.pop().unwrap()
    }

    async fn fulfil(&self, event: &Envelope) -> Outcome {
        self.fulfilment.on_event(&self.world.ports(), event).await
    }

    async fn happened(&self, event_type: &str) -> usize {
        let events = [self.events::<Order>().await, self.events::<Fulfilment>().await].concat();
        events.iter().filter(|it| it.event_type == event_type).count()
    }

    /// Delivers what is left, and checks that both processes have ended and the order was cancelled once.
    async fn ends_cancelled(&self) -> FulfilmentState {
        for event in self.events::<Order>().await {
            let outcome = self.fulfil(&event).await;
            assert!(!matches!(outcome, Outcome::Retry(_) | Outcome::Parked(_)), "{outcome:?}");
        }
        let given_up = self.engine().load::<GiveUp>(&self.order).await.unwrap().state;
        assert!(matches!(given_up, Some(Step::Ended(_))), "{given_up:?}");
        let state = self.engine().load::<Fulfilment>(&self.order).await.unwrap().state;
        assert_eq!(state.phase(), Phase::Cancelled);
        assert_eq!(self.happened("OrderCancelled").await, 1);
        state
    }
}

#[tokio::test]
async fn a_deadline_and_another_process_cancel_an_order_once_and_both_end_s9_l3() {
    for (one, other) in (0..6).flat_map(|one| (0..6).map(move |other| (one, other))) {
        let meeting = Meeting::of_a_placed_order().await;
        let declined = meeting.pays("declined", payment::Outcome::Declined(None)).await;
        meeting.world.host.advance(Duration::from_secs(24 * 3600));
        let due = DueProcess {
            policy: "fulfilment".to_owned(),
            process: meeting.order.to_string(),
            due_at: meeting.world.host.now(),
        };
        let (first, second) = (meeting.ports(one), meeting.ports(other));
        let deadline = meeting.fulfilment.on_deadline(&first, &due);
        let outcomes = join(deadline, GiveUp.on_event(&second, &declined)).await;
        assert_eq!(outcomes, (Outcome::Applied, Outcome::Applied), "{one} {other}");
        meeting.ends_cancelled().await;
    }
}

#[tokio::test]
async fn an_order_that_one_process_confirms_and_another_cancels_is_refunded_once_s9_s10_l3() {
    let mut confirmed = 0;
    for (one, other) in (0..6).flat_map(|one| (0..6).map(move |other| (one, other))) {
        let meeting = Meeting::of_a_placed_order().await;
        let declined = meeting.pays("declined", payment::Outcome::Declined(None)).await;
        let captured = meeting.pays("captured", payment::Outcome::Captured).await;
        let (first, second) = (meeting.ports(one), meeting.ports(other));
        let confirmation = meeting.fulfilment.on_event(&first, &captured);
        let outcomes = join(confirmation, GiveUp.on_event(&second, &declined)).await;
        assert_eq!(outcomes, (Outcome::Applied, Outcome::Applied), "{one} {other}");
        confirmed += meeting.happened("OrderConfirmed").await;
        let state = meeting.ends_cancelled().await;
        assert_eq!(meeting.happened("RefundRequested").await, 1, "{one} {other}");
        assert_eq!(state.payments()[0].requested, samples::amount(3000));
    }
    assert!((1..36).contains(&confirmed), "one process always won: {confirmed} of 36");
}
