//! What is measured, and how it may grow.

/// How an operation may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// It uses the same, whatever the number of streams and their length.
    Same,
    /// A share of work on the whole store: it may fall, because fixed work is divided by more, and never grows.
    NotMore,
    /// It grows with the length of the stream, for the reason in the table, and not with the number of streams.
    WithCommits,
}

/// An operation.
pub(crate) struct Operation {
    pub(crate) what: &'static str,
    pub(crate) rule: Rule,
    /// What grows or falls, and why.
    pub(crate) why: &'static str,
}

const fn operation(what: &'static str, rule: Rule, why: &'static str) -> Operation {
    Operation { what, rule, why }
}

const UNHEARD: &str = "reads, and writes at last: the events between this message and the one before it in the stream are not for this view, but \
                       one of them could be a message that was lost, so it looks, once for each event, and writes a record for each 1,024";

/// All operations, in the order in which a scenario measures them.
pub(crate) const OPERATIONS: [Operation; 12] = [
    operation("place an order", Rule::Same, "nothing"),
    operation("get an order from its view", Rule::Same, "nothing"),
    operation(
        "get an order from the store",
        Rule::WithCommits,
        "its reads: it folds every event of the stream",
    ),
    operation("list 10 orders of a customer", Rule::Same, "nothing"),
    operation("cancel an order", Rule::Same, "nothing"),
    operation("publish a commit", Rule::Same, "nothing"),
    operation("order-summary: one message", Rule::Same, "nothing"),
    operation("customer-summary: one message", Rule::WithCommits, UNHEARD),
    operation("daily-sales: one message", Rule::WithCommits, UNHEARD),
    operation(
        "rebuild order-summary: for each commit",
        Rule::NotMore,
        "nothing: fixed work is shared by more commits",
    ),
    operation(
        "sweep: for each commit",
        Rule::NotMore,
        "nothing: fixed work is shared by more commits",
    ),
    operation(
        "verify order-summary: for each commit",
        Rule::NotMore,
        "nothing: fixed work is shared by more commits",
    ),
];
