use dekigoto::{Aggregate, Decider, event_schema};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize)]
enum Command {
    Deposit { cents: u64 },
    Withdraw { cents: u64 },
}
#[derive(Clone, Debug, PartialEq)]
enum Event {
    Deposited(Moved),
    Withdrawn(Moved),
}
event_schema! { Event { Deposited as "Deposited": 1, Withdrawn as "Withdrawn": 1 } }
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Moved {
    cents: u64,
}
#[derive(Debug, PartialEq)]
struct Overdrawn {
    balance: u64,
}

#[derive(Debug)]
struct Account;
impl Decider for Account {
    type Command = Command;
    type Event = Event;
    type State = u64; // The balance, in cents.
    type Refusal = Overdrawn;

    fn decide(balance: &u64, command: Command) -> Result<Vec<Event>, Overdrawn> {
        match command {
            Command::Deposit { cents } => Ok(vec![Event::Deposited(Moved { cents })]),
            Command::Withdraw { cents } if cents <= *balance => {
                Ok(vec![Event::Withdrawn(Moved { cents })])
            }
            Command::Withdraw { .. } => Err(Overdrawn { balance: *balance }),
        }
    }
    fn evolve(balance: u64, event: &Event) -> u64 {
        match event {
            Event::Deposited(Moved { cents }) => balance.saturating_add(*cents),
            Event::Withdrawn(Moved { cents }) => balance.saturating_sub(*cents),
        }
    }
}
impl Aggregate for Account {
    type Id = String;
    const TYPE: &'static str = "Account"; // Streams are `Account#<id>`.
    const SNAPSHOT_SCHEMA: u32 = 1;
}
