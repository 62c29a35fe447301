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
    pub attributes: Vec<(String, Attribute)>,
    /// The body.
    pub body: String,
    /// Where it is, such as `orders-events-0@17`. Only a log keeps messages in a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl Inbox {
    /// Shows and keeps a message.
    pub(crate) fn put(&self, from: &'static str, message: &Message) {
        let attributes = message.attributes.iter();
        self.keep(Received {
            from,
            kind: message.kind.clone(),
            attributes: attributes.map(|(name, it)| ((*name).to_owned(), it.clone())).collect(),
            body: message.body.clone(),
            place: None,
        });
    }

    /// Shows and keeps what was received.
    pub(crate) fn keep(&self, received: Received) {
        show::sent(&received);
        let mut inbox = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inbox.len() == INBOX_MESSAGES_MAX {
            inbox.pop_front();
        }
        inbox.push_back(received);
    }

    /// Forgets all messages.
    #[cfg(feature = "kafka")]
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
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
