//! A policy's spec that holds is silent; one that does not hold fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dekigoto::spec::{Happened, commanded, given_policy, happened};

use crate::closing::{By, ClosingState, NotOpen, Task, TaskCommand, TaskEvent, closing};

/// The example of the documentation.
#[expect(dead_code, reason = "the example also withdraws")]
mod bank {
    include!("../../examples/bank/bonus.rs");

    use dekigoto::spec::{Happened, given_policy, happened};

    pub(super) fn deposited(cents: u64) -> Happened {
        happened::<Account>("alice", Event::Deposited(Moved { cents }))
    }

    pub(super) fn bonus() -> dekigoto::policies::Commanded {
        dekigoto::spec::commanded::<Account>("alice".into(), Command::Deposit { cents: 500 })
    }

    #[test]
    fn a_large_deposit_gets_one_bonus_in_any_delivery_s9() {
        given_policy(Bonus, [deposited(7)])
            .reacting_to(deposited(100_000))
            .delivered_twice()
            .shuffled()
            .then_commands([bonus()])
            .reacting_to(deposited(200_000))
            .delivered_twice()
            .shuffled()
            .then_nothing();
    }
}

fn opened() -> Happened {
    happened::<Task>("t-1", TaskEvent::Opened(By { by: "test".into() }))
}

fn closed() -> Happened {
    happened::<Task>("t-1", TaskEvent::Closed(By { by: "test".into() }))
}

fn close() -> dekigoto::policies::Commanded {
    commanded::<Task>("t-1".into(), TaskCommand::Close(By { by: "closing".into() }))
}

#[track_caller]
fn fails(spec: impl FnOnce(), with: &str) {
    let message = catch_unwind(AssertUnwindSafe(spec)).expect_err("the spec should have failed");
    let message = message.downcast_ref::<String>().unwrap();
    assert!(message.contains(with), "{message}");
}

#[test]
fn a_deadline_issues_its_command_once_s9() {
    given_policy(closing(), [opened()])
        .when_due()
        .delivered_twice()
        .then_commands([close()])
        .then_state("t-1".into(), ClosingState::Ended("closed".into()));
    given_policy(closing(), [opened(), closed()]).when_due().then_nothing();
}

#[test]
fn a_refused_command_ends_the_process_in_another_way_l3() {
    given_policy(closing(), [opened()])
        .when_due()
        .refused::<Task>(NotOpen)
        .delivered_twice()
        .then_commands([close()])
        .then_state("t-1".into(), ClosingState::Ended("refused".into()));
}

#[test]
fn a_missing_or_unexpected_command_fails_the_spec() {
    let due = || given_policy(closing(), [opened()]).when_due();
    fails(|| drop(due().then_nothing()), "> + Task#t-1");
    fails(|| drop(due().then_commands([close(), close()])), "> - Task#t-1");
    let other = commanded::<Task>("t-1".into(), TaskCommand::Open);
    fails(|| drop(due().then_commands([other])), "\"Open\"");
}

#[test]
fn another_state_fails_the_spec() {
    let given = given_policy(closing(), [opened()]);
    fails(|| drop(given.then_state("t-1".into(), ClosingState::Absent)), "Waiting");
}
