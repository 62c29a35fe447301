//! The check of a registry.

use super::{KeptHandlers, Registered, Role, Service};
use crate::{policies::AnyPolicy, views::AnyView};

impl<R: Role<Handlers = KeptHandlers>> Service<R> {
    /// Checks the registry: lists duplicate names, aggregates that no view folds, folds of unknown aggregates, and events
    /// that no aggregate has. A test of each service asserts that the list is empty.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let aggregates = self.aggregates.iter().map(Registered::name);
        let views = self.views().iter().map(|view| view.name());
        let mut faults = twice("aggregate", aggregates.clone());
        faults.extend(twice("view", views));
        let events = self.aggregates.iter().flat_map(|it| it.events.iter().map(|(name, _)| *name));
        faults.extend(twice("event", events));
        let folded = |name: &&str| self.views().iter().any(|view| view.folds().contains(name));
        faults.extend(aggregates.filter(|name| !folded(name)).map(|name| {
            format!("no view folds the events of {name}; add it to the `Folds` of a view")
        }));
        let unknown = self.views().iter().flat_map(|view| {
            let missing = |name: &&&str| !self.aggregates.iter().any(|it| it.name == **name);
            view.folds()
                .iter()
                .filter(missing)
                .map(|name| format!("view {} folds {name}, which is not registered", view.name()))
        });
        faults.extend(unknown);
        faults.extend(self.views().iter().flat_map(|view| self.strange_events(&**view)));
        faults.extend(self.policies().iter().flat_map(|policy| self.strange_reactions(&**policy)));
        faults
    }

    /// Events that a policy reacts to and never gets, or that its own processes write.
    fn strange_reactions(&self, policy: &dyn AnyPolicy) -> Vec<String> {
        let others = self.aggregates.iter().filter(|it| it.name != policy.process_type());
        let known: Vec<&str> =
            others.flat_map(|it| it.events.iter().map(|(name, _)| *name)).collect();
        let strange = policy.events().iter().filter(|name| !known.contains(name));
        let fault = |name| {
            format!("policy {} reacts to {name}, which no other aggregate has", policy.name())
        };
        strange.map(fault).collect()
    }

    /// Events that a view wants and never gets.
    fn strange_events(&self, view: &dyn AnyView) -> Vec<String> {
        let folded = self.aggregates.iter().filter(|it| view.folds().contains(&it.name));
        let known: Vec<&str> =
            folded.flat_map(|it| it.events.iter().map(|(name, _)| *name)).collect();
        let wanted = view.events().unwrap_or_default().iter();
        let strange = wanted.filter(|name| !known.contains(name));
        let fault = |name| {
            format!("view {} wants {name}, which no aggregate that it folds has", view.name())
        };
        strange.map(fault).collect()
    }
}

/// The names that occur twice.
fn twice<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    let pairs = names.iter().zip(names.iter().skip(1));
    pairs
        .filter(|(one, next)| one == next)
        .map(|(name, _)| format!("{what} {name} is registered twice"))
        .collect()
}
