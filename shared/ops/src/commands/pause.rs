//! `dekigoto pause` and `resume`: turns the delivery to one function off and on. A pause has an end, and `status`
//! complains when it is over and nobody resumed.

use std::time::Duration;

use dekigoto::Timestamp;

use crate::{
    cloud::Mapping,
    desk::{Consent, Desk},
    failure::Failure,
    out::{Report, Tone},
    text::{age, plural},
};

/// The longest pause. The queue of a view keeps a message for four days, and the stream a record for one.
const PAUSE_TIME_MAX: Duration = Duration::from_secs(6 * 3600);

/// The word before the end of a pause, in the journal.
const UNTIL: &str = " until ";

/// A function, by its short name: a view or `publisher`.
#[derive(Clone, Debug)]
pub(crate) struct Switch(pub(crate) String);

impl Switch {
    fn function(&self, desk: &Desk) -> Result<String, Failure> {
        let function = match self.0.as_str() {
            "publisher" => desk.layout.publisher()?,
            name => &desk.layout.consumer(name)?.function,
        };
        Ok(desk.layout.called(function))
    }
}

pub(crate) async fn pause(desk: &Desk, switch: &Switch, time: Duration) -> Result<Report, Failure> {
    let function = switch.function(desk)?;
    if time.is_zero() || time > PAUSE_TIME_MAX {
        let what = format!("a pause of {} is too long or no pause", age(time));
        let next =
            format!("pause for at most {}: messages do not wait for ever", age(PAUSE_TIME_MAX));
        return Err(Failure::argument(what, next));
    }
    let millis = i64::try_from(time.as_millis()).unwrap_or(0);
    let until = Timestamp::from_millis(desk.now().as_millis() + millis).unwrap_or(desk.now());
    let what = format!("pause {}{UNTIL}{until}", switch.0);
    let mappings = desk.cloud.mappings(&function).await?;
    let done = turn(desk, what, &mappings, false).await?;
    let text = format!("{} is paused; resume it before {until}", switch.0);
    Ok(told(done, &mappings, &text))
}

pub(crate) async fn resume(desk: &Desk, switch: &Switch) -> Result<Report, Failure> {
    let mappings = desk.cloud.mappings(&switch.function(desk)?).await?;
    let done = turn(desk, format!("resume {}", switch.0), &mappings, true).await?;
    Ok(told(done, &mappings, &format!("{} is delivered to again", switch.0)))
}

fn told(is_done: bool, mappings: &[Mapping], done: &str) -> Report {
    let mut report = Report::default();
    report.field("mappings", mappings.iter().map(|it| it.id.clone()).collect::<Vec<_>>());
    report.field("changed", is_done);
    if is_done {
        report.line(Tone::Good, done);
    } else {
        let text = format!("{} would be changed", plural(mappings.len(), "mapping"));
        report.line(Tone::Plain, text);
        report.line(Tone::Plain, "nothing was changed; add --yes --why \"…\"");
    }
    report
}

async fn turn(
    desk: &Desk,
    what: String,
    mappings: &[Mapping],
    is_on: bool,
) -> Result<bool, Failure> {
    if desk.consent == Consent::Dry {
        return Ok(false);
    }
    let change = || async {
        for mapping in mappings {
            desk.cloud.set_mapping(&mapping.id, is_on).await?;
        }
        Ok(())
    };
    let done = desk.change(what, change, |()| "done".to_owned()).await?;
    Ok(done.is_some())
}

/// The pauses of this month that are over and were not resumed.
pub(super) async fn overdue(desk: &Desk) -> Result<Vec<String>, Failure> {
    let entries = desk.journal().of_month(desk.now()).await?;
    let mut resumed: Vec<&str> = Vec::new();
    let mut overdue = Vec::new();
    // Newest first.
    for entry in &entries {
        if let Some(name) = entry.what.strip_prefix("resume ") {
            resumed.push(name);
        }
        let Some(rest) = entry.what.strip_prefix("pause ") else { continue };
        let Some((name, until)) = rest.split_once(UNTIL) else { continue };
        let is_over = until.parse::<Timestamp>().is_ok_and(|until| until < desk.now());
        if is_over && !resumed.contains(&name) {
            overdue.push(format!(
                "{name} was to be paused until {until}; run `dekigoto resume {name}`"
            ));
        }
        resumed.push(name);
    }
    Ok(overdue)
}
