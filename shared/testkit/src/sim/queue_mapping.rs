//! The mapping between a queue and a function: it receives batches, invokes, and deletes the messages that are not
//! reported.

use std::time::Duration;

use dekigoto::batch::Delivered;
use futures_util::future::{Either, select};

use super::{Consumer, Ended, Fault, Function, Letter, Queue, Site, function::check_report};

/// A batch of messages on its way to a function.
pub static RECEIVE: Site = Site { name: "receive", menu: &[Fault::Twice] };

/// The settings of a queue and its mapping, as in the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// How long a received message stays invisible.
    pub visibility: Duration,
    /// Receives after which a message becomes a dead letter.
    pub receives_max: u32,
    /// Messages in a batch.
    pub batch_max: usize,
    /// Batches at once.
    pub batches_at_once: u32,
    /// How long to wait for a full batch.
    pub window: Duration,
}

/// Delivers the queue's messages to a function, and those with too many receives to `dead`.
pub fn deliver<S: Consumer<Letter> + 'static>(
    queue: &Queue,
    dead: &Queue,
    settings: QueueSettings,
    function: &Function<S>,
) {
    for _ in 0..settings.batches_at_once {
        let (queue, dead, function) = (queue.clone(), dead.clone(), function.clone());
        queue.sim().clone().spawn(async move {
            loop {
                wait(&queue, settings.window).await;
                batch(&queue, &dead, settings, &function).await;
            }
        });
    }
}

/// Waits until a message can be received.
async fn wait(queue: &Queue, window: Duration) {
    let sim = queue.sim();
    loop {
        let seen = queue.changed().count();
        match queue.next_visible() {
            Some(time) if time <= sim.now() => break,
            Some(time) => {
                let changed = std::pin::pin!(queue.changed().after(seen));
                let sleep = std::pin::pin!(sim.sleep(time.saturating_sub(sim.now())));
                match select(changed, sleep).await {
                    Either::Left(_) | Either::Right(_) => {}
                }
            }
            None => queue.changed().after(seen).await,
        }
    }
    sim.sleep(window).await;
}

async fn batch<S: Consumer<Letter> + 'static>(
    queue: &Queue,
    dead: &Queue,
    settings: QueueSettings,
    function: &Function<S>,
) {
    let sim = queue.sim();
    let mut received = queue.receive(settings.batch_max, settings.visibility, &RECEIVE);
    received.retain(|(id, letter)| is_alive(queue, dead, settings, *id, letter));
    if received.is_empty() {
        return;
    }
    let delivered: Vec<Delivered<Letter>> = received
        .iter()
        .map(|(id, letter)| Delivered { id: id.to_string(), record: letter.clone() })
        .collect();
    let ids: Vec<String> = delivered.iter().map(|message| message.id.clone()).collect();
    let take = |process: S, time_left| async move { process.take(delivered, time_left).await };
    match function.run(take).await {
        Ended::Answered(report) => {
            check_report(sim, function.role(), &ids, &report);
            for id in ids.iter().filter(|id| !report.failed.contains(id)) {
                let _ = queue.delete(id.parse().unwrap());
            }
        }
        // Nothing is deleted. The messages are delivered again when their visibility ends.
        Ended::Crashed | Ended::TimedOut => sim.mark("a batch came back after a crash"),
    }
}

/// Whether a message may be delivered again. Otherwise it becomes a dead letter without a reason.
fn is_alive(
    queue: &Queue,
    dead: &Queue,
    settings: QueueSettings,
    id: u64,
    letter: &Letter,
) -> bool {
    if letter.receives <= settings.receives_max {
        return true;
    }
    if queue.delete(id).is_some() {
        queue.sim().step(|| format!("{} gives up on {:.60}", queue.name(), letter.body));
        queue.sim().mark("out of receives");
        dead.put(letter.body.clone());
    }
    false
}
