//! What a stack consists of, read from its outputs.

use std::collections::BTreeMap;

use crate::{
    cloud::Stack,
    failure::{Failure, Kind},
};

/// The parts of a deployed service, by the outputs of its template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    outputs: BTreeMap<String, String>,
    /// What reads a queue of its own: a view or a policy.
    pub(crate) consumers: Vec<Consumer>,
}

/// A function with a queue of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Consumer {
    /// The name of the view, such as `order-summary`.
    pub(crate) name: String,
    /// Its queue.
    pub(crate) queue: String,
    /// Its dead-letter queue.
    pub(crate) dead: String,
    /// Its function.
    pub(crate) function: String,
}

/// A dead-letter queue, by what feeds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeadLetters {
    /// Of a view: messages that were parked, or received too often.
    Consumer(Consumer),
    /// Of the publisher: pointers to commits, parked or received too often.
    Publisher {
        /// The retry queue.
        retry: String,
    },
    /// Lambda's notes about stream records that it gave up on.
    Stream {
        /// The publisher function, which takes a note back.
        publisher: String,
    },
    /// What SNS could not deliver.
    Subscription,
}

impl Layout {
    /// Reads the outputs.
    ///
    /// # Errors
    /// If the stack is not a deployed dekigoto service.
    pub(crate) fn of(stack: &Stack) -> Result<Self, Failure> {
        let outputs = stack.outputs.clone();
        for needed in ["EventTableName", "ViewTableName"] {
            if !outputs.contains_key(needed) {
                return Err(Failure::new(
                    Kind::NotFound,
                    format!("the stack {} ({}) has no output {needed}", stack.name, stack.status),
                    "it is not a deployed dekigoto service; name another with `--stack`",
                ));
            }
        }
        let consumers = outputs.iter().filter_map(|(name, queue)| {
            let word = name.strip_suffix("QueueUrl")?;
            let dead = outputs.get(&format!("{word}DlqUrl"))?;
            let function = outputs.get(&format!("{word}FunctionName"))?;
            Some(Consumer {
                name: kebab(word),
                queue: queue.clone(),
                dead: dead.clone(),
                function: function.clone(),
            })
        });
        let consumers = consumers.collect();
        Ok(Self { outputs, consumers })
    }

    /// An output that every service has.
    pub(crate) fn output(&self, name: &str) -> Option<&str> {
        self.outputs.get(name).map(String::as_str)
    }

    /// The event table.
    pub(crate) fn event_table(&self) -> &str {
        self.output("EventTableName").unwrap_or_default()
    }

    /// The view table.
    pub(crate) fn view_table(&self) -> &str {
        self.output("ViewTableName").unwrap_or_default()
    }

    /// The publisher function.
    ///
    /// # Errors
    /// If the stack has none.
    pub(crate) fn publisher(&self) -> Result<&str, Failure> {
        self.needed("PublisherFunctionName")
    }

    /// A function as mappings call it: by the alias of the stack, if it has one. The function itself is not called, and
    /// lists none of its mappings.
    pub(crate) fn called(&self, function: &str) -> String {
        match self.output("FunctionAlias") {
            Some(alias) => format!("{function}:{alias}"),
            None => function.to_owned(),
        }
    }

    /// The retry queue.
    ///
    /// # Errors
    /// If the stack has none.
    pub(crate) fn retry_queue(&self) -> Result<&str, Failure> {
        self.needed("PublisherRetryQueueUrl")
    }

    /// The queue of the rebuild function.
    ///
    /// # Errors
    /// If the stack has none.
    pub(crate) fn rebuild_queue(&self) -> Result<&str, Failure> {
        self.needed("RebuildQueueUrl")
    }

    fn needed(&self, name: &str) -> Result<&str, Failure> {
        self.output(name).ok_or_else(|| {
            let what = format!("the stack has no output {name}");
            Failure::new(Kind::NotFound, what, "add it to the template, as in the kit's own")
        })
    }

    /// The consumer of this name.
    ///
    /// # Errors
    /// If there is none; names all.
    pub(crate) fn consumer(&self, name: &str) -> Result<&Consumer, Failure> {
        self.consumers.iter().find(|it| it.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.consumers.iter().map(|it| it.name.as_str()).collect();
            Failure::argument(
                format!("the stack has no view called {name}"),
                format!("choose one of {}", known.join(", ")),
            )
        })
    }

    /// All dead-letter queues: the short name, the URL, and what feeds each.
    pub(crate) fn dead_letters(&self) -> Vec<(String, String, DeadLetters)> {
        let mut all: Vec<(String, String, DeadLetters)> = self
            .consumers
            .iter()
            .map(|it| (it.name.clone(), it.dead.clone(), DeadLetters::Consumer(it.clone())))
            .collect();
        let text = |name: &str| self.output(name).unwrap_or_default().to_owned();
        let special = [
            (
                "publisher",
                "PublisherDlqUrl",
                DeadLetters::Publisher { retry: text("PublisherRetryQueueUrl") },
            ),
            (
                "stream",
                "PublisherStreamDlqUrl",
                DeadLetters::Stream { publisher: self.called(&text("PublisherFunctionName")) },
            ),
            ("subscription", "SubscriptionDlqUrl", DeadLetters::Subscription),
        ];
        let special = special.into_iter().filter_map(|(name, output, kind)| {
            Some((name.to_owned(), self.output(output)?.to_owned(), kind))
        });
        all.extend(special);
        all
    }
}

/// `OrderSummary` as `order-summary`.
fn kebab(word: &str) -> String {
    let mut text = String::new();
    for (place, char) in word.chars().enumerate() {
        if char.is_ascii_uppercase() && place > 0 {
            text.push('-');
        }
        text.push(char.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_stack::stack;

    #[test]
    fn a_consumer_is_a_queue_with_a_dead_letter_queue_and_a_function() {
        let layout = Layout::of(&stack()).unwrap();
        let names: Vec<&str> = layout.consumers.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["balances", "money-moved", "rebuild"]);
        let queues: Vec<String> =
            layout.dead_letters().into_iter().map(|(name, ..)| name).collect();
        let expected =
            ["balances", "money-moved", "rebuild", "publisher", "stream", "subscription"];
        assert_eq!(queues, expected);
    }

    #[test]
    fn a_function_is_called_by_the_alias_of_the_stack_if_it_has_one() {
        let mut stack = stack();
        assert_eq!(Layout::of(&stack).unwrap().called("bank-publisher"), "bank-publisher:live");
        stack.outputs.remove("FunctionAlias");
        assert_eq!(Layout::of(&stack).unwrap().called("bank-publisher"), "bank-publisher");
    }

    #[test]
    fn a_stack_of_something_else_is_refused_in_one_sentence() {
        let other = Stack {
            name: "shop".to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
            ..Stack::default()
        };
        let text = Layout::of(&other).unwrap_err().to_string();
        assert_eq!(
            text,
            "the stack shop (CREATE_COMPLETE) has no output EventTableName: it is not a deployed dekigoto service; \
             name another with `--stack`"
        );
    }

    #[test]
    fn an_unknown_view_lists_the_known_ones() {
        let layout = Layout::of(&stack()).unwrap();
        let text = layout.consumer("balance").unwrap_err().to_string();
        assert_eq!(
            text,
            "the stack has no view called balance: choose one of balances, money-moved, rebuild"
        );
    }
}
