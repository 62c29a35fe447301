//! Planted bugs of sending.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{Attribute, Bus, Message, Pointer, Refused, RetryQueue, Source};

type Answers = Result<Vec<Result<(), Refused>>, Source>;

pub(super) struct DropRefused(pub(super) Arc<dyn Bus>);

#[async_trait]
impl Bus for DropRefused {
    async fn send(&self, batch: &[Message]) -> Answers {
        let answers = self.0.send(batch).await?;
        Ok(answers.into_iter().map(|_| Ok(())).collect())
    }
}

pub(super) struct ErrorIsSuccess(pub(super) Arc<dyn Bus>);

#[async_trait]
impl Bus for ErrorIsSuccess {
    async fn send(&self, batch: &[Message]) -> Answers {
        Ok(self.0.send(batch).await.unwrap_or_else(|_| batch.iter().map(|_| Ok(())).collect()))
    }
}

pub(super) struct TextNumbers(pub(super) Arc<dyn Bus>);

#[async_trait]
impl Bus for TextNumbers {
    async fn send(&self, batch: &[Message]) -> Answers {
        let mut batch = batch.to_vec();
        for (_, value) in batch.iter_mut().flat_map(|message| &mut message.attributes) {
            if let Attribute::Number(number) = value {
                *value = Attribute::Text(number.to_string());
            }
        }
        self.0.send(&batch).await
    }
}

pub(super) struct RetriesToBoth(pub(super) Arc<dyn RetryQueue>);

#[async_trait]
impl RetryQueue for RetriesToBoth {
    async fn put(&self, pointers: &[Pointer]) -> Answers {
        let both = |it: &Pointer| Pointer::new(it.stream.clone(), it.ordinal);
        let pointers: Vec<Pointer> = pointers.iter().map(both).collect();
        self.0.put(&pointers).await
    }
}
