//! `dekigoto doctor`: what is wrong with the deployment, each finding with its remedy.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;

use crate::{
    desk::Desk,
    failure::Failure,
    layout::Layout,
    out::{Report, Table, Tone},
};

/// The retention of a dead-letter queue: the most that SQS allows.
const RETENTION_MIN: Duration = Duration::from_secs(14 * 86_400);

/// Executions at the same time that a production account should allow. A new account has 10.
const CONCURRENCY_MIN: u64 = 100;

/// What is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    what: String,
    remedy: String,
}

struct Findings(Vec<Finding>);

impl Findings {
    fn unless(&mut self, holds: bool, what: impl Into<String>, remedy: impl Into<String>) {
        if !holds {
            self.0.push(Finding { what: what.into(), remedy: remedy.into() });
        }
    }
}

pub(crate) async fn doctor(desk: &Desk) -> Result<Report, Failure> {
    let mut findings = Findings(Vec::new());
    let mut report = Report::default();
    registry(desk, &mut findings);
    // In one process there is no deployment, and its tables are those of the machine.
    if !desk.cloud.is_one_process() {
        parameters(desk, &mut findings);
        tables(desk, &mut findings).await?;
    }
    queues(desk, &mut findings).await?;
    functions(desk, &mut findings, &mut report).await?;
    let concurrency = desk.cloud.concurrency().await?;
    findings.unless(
        concurrency == 0 || concurrency >= CONCURRENCY_MIN,
        format!("the account allows {concurrency} executions at the same time"),
        "ask AWS for a larger quota of Lambda's concurrent executions",
    );
    told(&mut report, &findings.0);
    Ok(report)
}

fn told(report: &mut Report, findings: &[Finding]) {
    let listed = findings.iter().map(|it| json!({ "finding": it.what, "remedy": it.remedy }));
    report.field("findings", listed.collect::<Vec<_>>());
    if findings.is_empty() {
        report.line(Tone::Good, "nothing is wrong");
        return;
    }
    report.attention();
    let mut table = Table::new(["finding", "remedy"]);
    for finding in findings {
        table.row(Tone::Bad, [finding.what.clone(), finding.remedy.clone()]);
    }
    report.table(table);
}

fn parameters(desk: &Desk, findings: &mut Findings) {
    let parameter = |name: &str| desk.stack.parameters.get(name).map(String::as_str);
    findings.unless(
        desk.stack.status.ends_with("_COMPLETE") && !desk.stack.status.contains("ROLLBACK"),
        format!("the stack is {}", desk.stack.status),
        "read its events in CloudFormation, mend it, and deploy again",
    );
    findings.unless(
        parameter("AlarmTopicArn") != Some(""),
        "alarms notify nobody",
        "deploy with AlarmTopicArn",
    );
    findings.unless(
        parameter("AuthMode") != Some("none"),
        "anybody may call the API",
        "deploy with AuthMode iam or jwt",
    );
    findings.unless(
        parameter("DeletionProtection") != Some("false"),
        "the tables can be deleted",
        "deploy with DeletionProtection true",
    );
}

/// This command's own list of views against the deployed functions.
fn registry(desk: &Desk, findings: &mut Findings) {
    let deployed: BTreeSet<&str> =
        desk.layout.consumers.iter().map(|it| it.name.as_str()).collect();
    for view in desk.service.views() {
        findings.unless(
            deployed.contains(view.name()),
            format!("the view {} is in the code and not in the stack", view.name()),
            "add it to the template and deploy, or use this command of the deployed version",
        );
    }
    for policy in desk.service.policies() {
        findings.unless(
            deployed.contains(&*format!("{}-policy", policy.name())),
            format!("the policy {} is in the code and not in the stack", policy.name()),
            "add it to the template and deploy, or use this command of the deployed version",
        );
    }
}

async fn tables(desk: &Desk, findings: &mut Findings) -> Result<(), Failure> {
    let layout: &Layout = &desk.layout;
    for table in [layout.event_table(), layout.view_table()] {
        let state = desk.cloud.table(table).await?;
        findings.unless(
            state.can_be_restored,
            format!("the table {table} cannot be restored to a point in time"),
            "turn on its point-in-time recovery by deploying the template",
        );
        findings.unless(
            table != layout.event_table() || state.stream.is_some(),
            format!("the table {table} has no stream, so nothing is published"),
            "turn on its stream, attach the publisher's mapping, and republish the gap",
        );
    }
    Ok(())
}

async fn queues(desk: &Desk, findings: &mut Findings) -> Result<(), Failure> {
    for (name, url, _) in desk.layout.dead_letters() {
        let queue = desk.cloud.queue(&url).await?;
        findings.unless(
            queue.retention >= RETENTION_MIN,
            format!(
                "dead letters of {name} are lost after {} days",
                queue.retention.as_secs() / 86_400
            ),
            "set MessageRetentionPeriod to 14 days",
        );
        findings.unless(
            queue.visible == 0,
            format!("{name} has {} dead letters", queue.visible),
            "see `dekigoto dlq list`",
        );
    }
    Ok(())
}

async fn functions(
    desk: &Desk,
    findings: &mut Findings,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut names = vec![("publisher".to_owned(), desk.layout.publisher()?.to_owned())];
    names.extend(desk.layout.consumers.iter().map(|it| (it.name.clone(), it.function.clone())));
    let mut table = Table::new(["function", "state", "code", "changed", "mapping"]);
    for (name, function) in names {
        let function = desk.layout.called(&function);
        let state = desk.cloud.function(&function).await?;
        let mappings = desk.cloud.mappings(&function).await?;
        findings.unless(
            !mappings.is_empty(),
            format!("nothing feeds {name}"),
            "deploy the template; its event source mapping is missing",
        );
        for mapping in &mappings {
            findings.unless(
                mapping.is_on(),
                format!("a mapping of {name} is {}", mapping.state),
                format!("run `dekigoto resume {name} --yes --why \"…\"`"),
            );
            findings.unless(
                !mapping.last_result.starts_with("PROBLEM"),
                format!("a mapping of {name} reports {}", mapping.last_result),
                "read the log of the function",
            );
        }
        let view = state.variables.get("VIEW");
        findings.unless(
            view.is_none_or(|view| *view == name),
            format!(
                "the function of {name} keeps the view {} up to date",
                view.cloned().unwrap_or_default()
            ),
            "deploy the template again",
        );
        let on = if mappings.iter().all(crate::cloud::Mapping::is_on) { "on" } else { "off" };
        let code = state.code.chars().take(12).collect();
        table.row(Tone::Plain, [name, state.state, code, state.modified, on.to_owned()]);
    }
    report.table(table);
    Ok(())
}
