//! Due processes without a queue: the ticker hands them to their process manager at once.

use std::time::Duration;

use async_trait::async_trait;
use dekigoto::{
    MessageHandler as _, Refused, Source,
    batch::Delivered,
    policies::{DeadlineQueue, DueProcess, ProcessManager},
};

/// Time for the processes of one call.
const TIME: Duration = Duration::from_secs(10);

/// What cannot be handled now is due again at a later tick.
pub(crate) struct AtOnce(pub(crate) ProcessManager);

#[async_trait]
impl DeadlineQueue for AtOnce {
    async fn put(&self, due: &[DueProcess]) -> Result<Vec<Result<(), Refused>>, Source> {
        let host = self.0.host();
        let end = host.monotonic().saturating_add(TIME);
        let time_left = move || end.saturating_sub(host.monotonic());
        let numbered = due.iter().enumerate();
        let messages = numbered
            .map(|(place, it)| Delivered { id: place.to_string(), record: it.text() })
            .collect();
        let report = self.0.handle(messages, &time_left).await;
        let outcome = |place: usize| {
            let id = place.to_string();
            if !report.failed.contains(&id) {
                return Ok(());
            }
            let reason = report.reasons.iter().find(|(it, _)| *it == id);
            let code = reason.map_or_else(String::new, |(_, reason)| reason.clone());
            Err(Refused { code, for_good: false })
        };
        Ok((0..due.len()).map(outcome).collect())
    }
}
