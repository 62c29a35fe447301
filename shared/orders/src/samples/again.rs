//! Streams of any length, as they are stored, for measurements.

use std::convert::Infallible;

use dekigoto::{Aggregate, Context, Decider, Timestamp};

use super::{confirmed, placed};
use crate::{
    OrderId,
    order::{Order, OrderEvent, OrderState},
};

/// An order that is placed and then confirmed again and again. It can still be cancelled.
pub struct Again;

impl Decider for Again {
    type Command = ();
    type Event = OrderEvent;
    type State = OrderState;
    type Refusal = Infallible;

    fn decide(state: &OrderState, (): ()) -> Result<Vec<OrderEvent>, Infallible> {
        Ok(vec![if state.placed().is_none() { placed() } else { confirmed() }])
    }

    fn evolve(state: OrderState, event: &OrderEvent) -> OrderState {
        Order::evolve(state, event)
    }
}

impl Aggregate for Again {
    type Id = OrderId;

    const TYPE: &'static str = <Order as Aggregate>::TYPE;
    const SNAPSHOT_SCHEMA: u32 = Order::SNAPSHOT_SCHEMA;
    const SNAPSHOT_EVERY: u32 = Order::SNAPSHOT_EVERY;
}

/// Metadata as long as API Gateway and a tracing client make it.
pub fn long_context(number: u32) -> Context {
    Context {
        at: Timestamp::from_millis(1_795_338_000_123 + i64::from(number)).unwrap(),
        key: format!("0198f3a4-7f63-7d0e-8c3f-{number:012}").parse().unwrap(),
        actor: "arn:aws:sts::123456789012:assumed-role/shop/shop".to_owned(),
        correlation_id: "BvZ0XgKnliAEJmg=".to_owned(),
        causation_id: None,
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
    }
}
