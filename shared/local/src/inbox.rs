//! A sample subscriber of the topic and the bus, for demos.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use dekigoto::{Attribute, Bus, Message, Refused, Source};
use serde::Serialize;

use crate::show;

/// Messages that the sample subscriber keeps.
const INBOX_MESSAGES_MAX: usize = 1000;

/// The messages that the sample subscriber of the topic and the bus received, newest last.
#[derive(Clone, Debug, Default)]
pub struct Inbox(Arc<Mutex<VecDeque<Received>>>);

/// One received message.
#[derive(Clone, Debug, Serialize)]
pub struct Received {
    /// `topic` or `bus`.
    pub from: &'static str,
    /// The message's kind.
    pub kind: String,
    /// The attributes for filter policies.
    pub attributes: Vec<(&'static str, Attribute)>,
    /// The body.
    pub body: String,
}

impl Inbox {
    /// Shows and keeps a message.
    pub(crate) fn put(&self, from: &'static str, message: &Message) {
        show::sent(from, message);
        let mut inbox = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inbox.len() == INBOX_MESSAGES_MAX {
            inbox.pop_front();
        }
        inbox.push_back(Received {
            from,
            kind: message.kind.clone(),
            attributes: message.attributes.clone(),
            body: message.body.clone(),
        });
    }

    /// All messages.
    #[must_use]
    pub fn all(&self) -> Vec<Received> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// The bus of integration events, with the sample subscriber as its only one.
pub(crate) struct SampleBus(pub(crate) Inbox);

#[async_trait]
impl Bus for SampleBus {
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source> {
        batch.iter().for_each(|message| self.0.put("bus", message));
        Ok(vec![Ok(()); batch.len()])
    }
}
