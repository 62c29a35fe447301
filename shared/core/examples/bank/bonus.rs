include!("account.rs");

use dekigoto::{
    Envelope,
    policies::{Effect, Ended, Policy, Reaction, same_id},
};
use std::convert::Infallible;

/// The first deposit of 1,000 or more gets a bonus of 5.
#[derive(Debug)]
struct Bonus;

#[derive(Clone, Debug, Serialize)]
enum BonusInput {
    LargeDeposit,
    Ended,
}
#[derive(Clone, Debug, PartialEq)]
enum BonusEvent {
    Granted(Nothing),
    Paid(Nothing),
}
event_schema! { BonusEvent { Granted as "BonusGranted": 1, Paid as "BonusPaid": 1 } }
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Nothing {}

/// The account that a granted bonus is not paid to yet, and whether a bonus was granted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
enum BonusState {
    #[default]
    Unearned,
    Unpaid,
    Paid,
}

impl Decider for Bonus {
    type Command = BonusInput;
    type Event = BonusEvent;
    type State = BonusState;
    type Refusal = Infallible; // A process records what happened. It cannot refuse it.

    fn decide(state: &BonusState, input: BonusInput) -> Result<Vec<BonusEvent>, Infallible> {
        Ok(match (state, input) {
            (BonusState::Unearned, BonusInput::LargeDeposit) => vec![BonusEvent::Granted(Nothing {})],
            (BonusState::Unpaid, BonusInput::Ended) => vec![BonusEvent::Paid(Nothing {})],
            (_, BonusInput::LargeDeposit | BonusInput::Ended) => vec![],
        })
    }
    fn evolve(_: BonusState, event: &BonusEvent) -> BonusState {
        match event {
            BonusEvent::Granted(_) => BonusState::Unpaid,
            BonusEvent::Paid(_) => BonusState::Paid,
        }
    }
}
impl Aggregate for Bonus {
    type Id = String;
    const TYPE: &'static str = "Bonus";
    const SNAPSHOT_SCHEMA: u32 = 1;
}
impl Policy for Bonus {
    const NAME: &'static str = "bonus";
    const EVENTS: &'static [&'static str] = &["Deposited"];

    fn react(&self, event: &Envelope) -> Reaction<Self> {
        let events = event.decode::<Event>()?;
        let is_large = |it: &Event| matches!(it, Event::Deposited(it) if it.cents >= 100_000);
        let id = same_id::<Self>(event)?;
        Ok(events.iter().any(is_large).then_some((id, BonusInput::LargeDeposit)))
    }

    fn effect(account: &String, state: &BonusState) -> Option<Effect<Self>> {
        let deposit = Command::Deposit { cents: 500 };
        let end = |_: Ended<Overdrawn>| BonusInput::Ended;
        match state {
            BonusState::Unpaid => {
                Some(Effect::command::<Account>(1, account.clone(), deposit, end))
            }
            BonusState::Unearned | BonusState::Paid => None,
        }
    }
}
