//! A bank account in memory: `cargo run -p dekigoto --example bank_account`.
use dekigoto::{Context, Engine, EventStore, Expect, Host, Version, memory, read_events};
use std::{error::Error, sync::Arc};
include!("bank/account.rs");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    walk(Arc::new(memory::MemoryStore::new())).await
}

pub(crate) async fn walk(store: Arc<dyn EventStore>) -> Result<(), Box<dyn Error>> {
    let (host, alice) = (Arc::new(memory::ManualHost::new()), "alice".to_owned());
    let engine = Engine::new(store, host.clone());
    let (pay, rent) = (Command::Deposit { cents: 500 }, Command::Withdraw { cents: 300 });
    for (key, command) in
        [("pay", pay), ("rent", rent.clone()), ("rent", rent.clone()), ("late", rent)]
    {
        let context = Context::new(host.now(), key.parse()?, "alice");
        let answer = engine.execute::<Account>(&alice, command, &context, Expect::Anything).await;
        println!("{key}: {answer:?}");
    }
    let stream = Account::stream(&alice)?;
    for event in read_events(engine.store(), &stream, Version::FIRST, 10).await? {
        println!("{stream} {}: {} {}", event.version, event.event_type, event.payload.as_str());
    }
    Ok(())
}
