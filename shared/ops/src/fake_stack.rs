//! The stack of the fake account. Only for tests.

use std::collections::BTreeMap;

use crate::cloud::{Mapping, Stack, TableState};

/// The outputs of the bank's stack.
pub(crate) fn stack() -> Stack {
    let mut outputs = BTreeMap::new();
    let mut add = |name: &str, value: &str| outputs.insert(name.to_owned(), value.to_owned());
    let consumers =
        [("Balances", "balances"), ("MoneyMoved", "money-moved"), ("Rebuild", "rebuild")];
    for (word, name) in consumers {
        add(&format!("{word}QueueUrl"), name);
        add(&format!("{word}DlqUrl"), &format!("{name}-dlq"));
        add(&format!("{word}FunctionName"), &format!("bank-{name}"));
    }
    for (name, value) in [
        ("EventTableName", "events"),
        ("ViewTableName", "views"),
        ("FunctionAlias", "live"),
        ("PublisherFunctionName", "bank-publisher"),
        ("PublisherRetryQueueUrl", "retry"),
        ("PublisherDlqUrl", "publisher-dlq"),
        ("PublisherStreamDlqUrl", "stream-dlq"),
        ("SubscriptionDlqUrl", "subscription-dlq"),
    ] {
        add(name, value);
    }
    let parameters =
        [("AlarmTopicArn", "arn"), ("AuthMode", "iam"), ("DeletionProtection", "true")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Stack {
        name: "bank".to_owned(),
        status: "UPDATE_COMPLETE".to_owned(),
        outputs,
        parameters: parameters.into(),
    }
}

pub(crate) fn mapping(function: &str) -> Mapping {
    Mapping {
        id: format!("mapping-of-{function}"),
        source: "arn".to_owned(),
        state: "Enabled".to_owned(),
        last_result: "OK".to_owned(),
    }
}

/// A table that was just made.
pub(crate) fn active() -> TableState {
    let (arn, status) = ("arn:events".to_owned(), "ACTIVE".to_owned());
    TableState { arn, status, ..TableState::default() }
}
