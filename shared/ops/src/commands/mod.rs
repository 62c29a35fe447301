//! The commands, one file each.

mod commits;
mod cost;
mod deadlines;
mod doctor;
mod export;
mod generations;
mod journal;
#[cfg(feature = "aws")]
mod migrate;
mod pause;
mod rebuild;
mod replay;
mod republish;
mod restore;
mod rows;
mod show;
mod status;
mod switch;
mod tail;
mod trace;
mod verify;

pub(crate) use cost::cost;
pub(crate) use deadlines::deadlines;
pub(crate) use doctor::doctor;
pub(crate) use export::{Wanted as Export, export};
pub(crate) use generations::generations;
pub(crate) use journal::journal;
#[cfg(feature = "aws")]
pub(crate) use migrate::migrate;
pub(crate) use pause::{Switch, pause, resume};
pub(crate) use rebuild::{Rebuild, rebuild};
pub(crate) use replay::{Wanted as Replay, replay};
pub(crate) use republish::{Again, republish};
pub(crate) use restore::{Wanted as Restore, restore};
pub(crate) use rows::rows;
pub(crate) use show::show;
pub(crate) use status::status;
pub(crate) use switch::{drop_generation, make_live};
pub(crate) use tail::tail;
pub(crate) use trace::trace;
pub(crate) use verify::verify;
