//! A program without an adapter: what the others are compared with by `make sizes`.

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let store = dekigoto::memory::MemoryStore::new();
    println!("{}", store.dump().len());
}
