//! The commands on a fake account.

mod dead_letters;
mod events;
mod health;
mod pauses;
mod rebuilds;
mod replays;
mod republish;
mod restore;
