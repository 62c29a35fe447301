//! The commands on a fake account.

mod dead_letters;
mod events;
mod health;
mod pauses;
mod replays;
mod republish;
