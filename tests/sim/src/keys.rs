//! What clients do with command keys, besides sending the same request again: the same request after a refusal, one key on
//! two streams and for two commands of one stream, and a key that was sent twice.

use serde_json::{Value, json};

use crate::{
    client::Ask,
    history::{Asked, Op},
    workload::{Story, staff},
};

/// A command that was refused, to be sent again.
pub(crate) struct Refused {
    op: usize,
    ask: Ask,
}

impl Story {
    /// Ships an order that is not confirmed.
    pub(crate) async fn ship_too_early(&mut self) -> Option<Refused> {
        let parcel = json!({ "carrier": "DHL", "trackingNumber": "0034-early" });
        let key = self.key();
        let (op, ask) = self.begin(Asked::Ship, &key, parcel);
        let answer = self.client.command(op, ask.clone(), &mut self.dice).await?;
        (answer.status == 409).then_some(Refused { op, ask })
    }

    /// Sends a refused command again: the same bytes under the same key. It is decided again (S4).
    pub(crate) async fn again(&mut self, refused: Refused) {
        let Refused { op, ask } = refused;
        let answer = self.client.command(op, ask, &mut self.dice).await;
        if answer.is_some_and(|answer| answer.status < 300) {
            self.client.world.sim.mark("a refused command was accepted later");
        }
    }

    /// Confirms the order under the key that placed it, which is another request of the same stream.
    pub(crate) async fn confirm_under(&mut self, place_key: &str) {
        let (op, ask) = self.begin(Asked::Confirm, place_key, Value::Null);
        let _ = self.client.command(op, ask, &mut self.dice).await;
    }

    /// Places an order under a key that a proxy has sent twice, and the gateway has joined.
    pub(crate) async fn place_under_joined(&mut self, place_key: &str, body: Value) {
        let (op, ask) = self.begin(Asked::Place, &format!("{place_key},{place_key}"), body);
        let answer = self.client.command(op, ask, &mut self.dice).await;
        if answer.is_some_and(|answer| answer.status == 400) {
            self.client.world.sim.mark("a joined key was refused");
        }
    }

    /// A command of staff, sent by one client.
    fn begin(&mut self, asked: Asked, key: &str, body: Value) -> (usize, Ask) {
        let op: Op = self.op(asked, key, staff().actor(), body);
        self.client.begin(op, &staff())
    }
}
