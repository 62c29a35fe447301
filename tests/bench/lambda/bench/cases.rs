//! What is measured: an event for a function, beside which bare Lambda, and the budgets.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};

use crate::{
    Failure,
    aws::Aws,
    events::{messages, records, request},
    function::{Function, Settings},
    history::Histories,
};

/// One invocation, again and again.
pub(crate) struct Case {
    pub(crate) what: String,
    /// The binary.
    pub(crate) function: &'static str,
    pub(crate) settings: Settings,
    pub(crate) event: String,
    /// The records of a batch; 1 for a request.
    pub(crate) records: u32,
    /// The bare Lambda that it is compared with.
    pub(crate) beside: Option<String>,
    pub(crate) budgets: Budgets,
}

/// The most that a case may take.
#[derive(Clone, Copy, Default)]
pub(crate) struct Budgets {
    /// CPU time, relative to the bare Lambda's.
    pub(crate) cpu: Option<f64>,
    /// Calls one after the other.
    pub(crate) round_trips: Option<usize>,
    /// What a command costs: write units and a fifth of the read units, as DynamoDB prices them.
    pub(crate) price: Option<f64>,
}

/// The CPU time of a command or query beside that of a bare Lambda.
const CPU_RATIO_MAX: f64 = 1.3;

const PLACING: Budgets =
    Budgets { cpu: Some(CPU_RATIO_MAX), round_trips: Some(1), price: Some(1.0) };
/// A command on an existing stream, whatever its length.
const COMMAND: Budgets =
    Budgets { cpu: Some(CPU_RATIO_MAX), round_trips: Some(2), price: Some(1.5) };
/// A query of one row.
const QUERY: Budgets = Budgets { cpu: Some(CPU_RATIO_MAX), round_trips: Some(1), price: None };

const fn in_trips(most: usize) -> Budgets {
    Budgets { cpu: None, round_trips: Some(most), price: None }
}

/// Lengths of streams that a command is measured on.
const LENGTHS: [u32; 4] = [1, 8, 32, 1000];

const NONE: Settings = &[];
const PUT: Settings = &[("BARE", "put")];
const QUERY_PUT: Settings = &[("BARE", "query-put")];
const GET: Settings = &[("BARE", "get")];
const PUBLISH: Settings = &[("BARE", "publish")];

pub(crate) const ORDER_SUMMARY: Settings = &[("VIEW", "order-summary")];
const CUSTOMER_SUMMARY: Settings = &[("VIEW", "customer-summary")];
/// A view whose rows many projectors write.
pub(crate) const DAILY_SALES: Settings = &[("VIEW", "daily-sales")];

impl Case {
    fn new(function: &'static str, settings: Settings, what: &str, event: &Value) -> Self {
        let records = event["Records"].as_array().map_or(1, Vec::len);
        Self {
            what: what.to_owned(),
            function,
            settings,
            event: event.to_string(),
            records: records.try_into().unwrap_or(u32::MAX),
            beside: None,
            budgets: Budgets::default(),
        }
    }

    fn bare(settings: Settings, what: &str, event: &Value) -> Self {
        Self::new("bare", settings, what, event)
    }

    fn within(self, beside: &Self, budgets: Budgets) -> Self {
        Self { beside: Some(beside.what.clone()), budgets, ..self }
    }
}

/// All cases. Each has streams of its own, which are in the event table. The rows of the queries are in the view table.
pub(crate) async fn all(aws: &Aws, folder: &Path) -> Result<Vec<Case>, Failure> {
    let mut histories = Histories::of("cases");
    let mut cases = commands(&mut histories).await?;
    let (queries, shown) = queries(&mut histories).await?;
    cases.extend(queries);
    cases.extend(views(&mut histories).await?);
    cases.extend(processes(&mut histories).await?);
    cases.extend(relay(&mut histories).await?);
    aws.store(&histories)?;
    let program = folder.join("projector");
    let mut projector = Function::start(&program, &aws.endpoint, ORDER_SUMMARY).await?;
    aws.charge(Duration::ZERO);
    projector.invoke(&shown.to_string()).await?;
    aws.discard();
    projector.stop()?;
    Ok(cases)
}

pub(crate) fn place() -> Result<Value, Failure> {
    let line = json!({ "productId": "p-1", "quantity": 2, "unitAmount": 1500 });
    let body = json!({ "customerId": "c-42", "currency": "JPY", "items": [line] });
    request("POST", "/v1/orders", "", Some(&body))
}

async fn commands(histories: &mut Histories) -> Result<Vec<Case>, Failure> {
    let bare_put = Case::bare(PUT, "bare: PutItem", &place()?);
    let placing = Case::new("api", NONE, "place an order", &place()?).within(&bare_put, PLACING);
    let reason = json!({ "reason": "ordered twice" });
    let cancel = |order| request("POST", &format!("/v1/orders/{order}/cancel"), "", Some(&reason));
    let order = histories.order(1).await?;
    let bare = Case::bare(QUERY_PUT, "bare: Query, PutItem", &cancel(order)?);
    let mut cases = vec![bare_put, placing];
    for commits in LENGTHS {
        let order = histories.order(commits).await?;
        let what = format!("cancel an order of {commits} commits");
        cases.push(Case::new("api", NONE, &what, &cancel(order)?).within(&bare, COMMAND));
    }
    let order = histories.order(1).await?;
    histories.pay(order).await?;
    let confirm = request("POST", &format!("/v1/orders/{order}/confirm"), "", None)?;
    // The payments are another stream: they are read beside the order.
    let case = Case::new("api", NONE, "confirm a paid order", &confirm);
    cases.push(case.within(&bare, in_trips(2)));
    let payment =
        json!({ "reference": "ch_1", "amount": 3000, "currency": "JPY", "outcome": "captured" });
    let order = histories.order(1).await?;
    let pay = request("POST", &format!("/v1/orders/{order}/payments"), "", Some(&payment))?;
    let case = Case::new("api", NONE, "pay an order", &pay);
    cases.push(case.within(&bare, in_trips(2)));
    cases.push(bare);
    Ok(cases)
}

/// The queries, and the messages whose rows they read.
async fn queries(histories: &mut Histories) -> Result<(Vec<Case>, Value), Failure> {
    let order = histories.order(4).await?;
    histories.pay(order).await?;
    let mut shown = histories.events(order).await?;
    shown.extend(histories.placed(20).await?);
    // No message of this order has come yet.
    let newer = histories.order(4).await?;
    histories.pay(newer).await?;
    let get = request("GET", &format!("/v1/orders/{order}"), "", None)?;
    let newer = request("GET", &format!("/v1/orders/{newer}"), "minVersion=4", None)?;
    let list = request("GET", "/v1/orders", "customerId=c-42&limit=20", None)?;
    let bare = Case::bare(GET, "bare: GetItem", &get);
    let api = |what, event, budgets| Case::new("api", NONE, what, event).within(&bare, budgets);
    let cases = vec![
        api("get an order from its view", &get, QUERY),
        api("get an order from the store", &newer, in_trips(3)),
        api("list 20 orders of a customer", &list, in_trips(2)),
    ];
    Ok(([vec![bare], cases].into_iter().flatten().collect(), messages(&shown)?))
}

/// Batches of views, beside a Lambda that makes a PutItem for each message.
async fn views(histories: &mut Histories) -> Result<Vec<Case>, Failure> {
    let mut cases = Vec::new();
    for count in [1, 10, 99_usize] {
        let mut batch = async || messages(&histories.placed(count).await?);
        let bare = Case::bare(PUT, &format!("bare: {count} messages, PutItem"), &batch().await?);
        let what = format!("order-summary: {count} messages of {count} orders");
        // The generations of the view, the rows, and their writes; 16 rows go at a time.
        let of_rows = in_trips(1 + 2 * count.div_ceil(16) + 1);
        // The generations, the records of what was counted, 16 at a time, and one write; and one more, because calls that
        // end at the same moment do not free their places at the same moment.
        let of_one_row = in_trips(3 + count.div_ceil(16));
        let case = Case::new("projector", ORDER_SUMMARY, &what, &batch().await?);
        cases.push(case.within(&bare, of_rows));
        let what = format!("daily-sales: {count} messages of one day");
        let case = Case::new("projector", DAILY_SALES, &what, &batch().await?);
        cases.push(case.within(&bare, of_one_row));
        let what = format!("customer-summary: {count} messages of a customer");
        let case = Case::new("projector", CUSTOMER_SUMMARY, &what, &batch().await?);
        cases.push(case.within(&bare, of_one_row));
        cases.push(bare);
    }
    let order = histories.order(10).await?;
    let what = "order-summary: 10 messages of one order";
    let batch = messages(&histories.events(order).await?)?;
    let case = Case::new("projector", ORDER_SUMMARY, what, &batch);
    cases.push(Case { budgets: in_trips(3), ..case });
    let order = histories.order(10).await?;
    let events = histories.events(order).await?;
    let last = messages(events.last().map(std::slice::from_ref).unwrap_or_default())?;
    let case = Case::new("projector", ORDER_SUMMARY, "order-summary: a gap of 9 events", &last);
    cases.push(Case { budgets: in_trips(4), ..case });
    Ok(cases)
}

/// The process of a new order, beside a Lambda that makes a Query and a PutItem for each message.
async fn processes(histories: &mut Histories) -> Result<Vec<Case>, Failure> {
    let event = messages(&histories.placed(1).await?)?;
    let bare = Case::bare(QUERY_PUT, "bare: 1 message, Query, PutItem", &event);
    let case = Case::new("policy", NONE, "fulfilment: start the process of an order", &event);
    Ok(vec![case.within(&bare, in_trips(4)), bare])
}

/// Records of the event table, beside a Lambda that sends them to topic and bus in calls of ten.
async fn relay(histories: &mut Histories) -> Result<Vec<Case>, Failure> {
    let mut cases = Vec::new();
    for count in [1, 100] {
        let mut commits = Vec::new();
        for _ in 0..count {
            let order = histories.order(1).await?;
            commits.extend(histories.commits(order).await?);
        }
        let event = records(&commits)?;
        let bare = Case::bare(PUBLISH, &format!("bare: publish {count} records"), &event);
        let case = Case::new("publisher", NONE, &format!("publish {count} commits"), &event);
        cases.extend([case.within(&bare, in_trips(2)), bare]);
    }
    Ok(cases)
}
