//! The registry: names each aggregate, view and policy of a service once.

mod faults;
mod reader;
mod role;

use std::sync::Arc;

use crate::{
    Aggregate, EventSchema,
    policies::{AnyPolicy, Policy, Processes, UnknownPolicy},
    relay::{Announce, Announcements},
    views::{AnyView, Single, UnknownView},
};

pub use reader::Reader;
pub use role::{
    Handlers, KeepsAnnouncements, KeepsPolicies, KeepsViews, KeptAnnouncements, KeptHandlers,
    KeptPolicies, KeptViews, Role,
};

/// The aggregates, views and policies of a service. Router, relay, projectors and tests are built from it.
///
/// `R` says what a binary keeps of it, see [`Role`]. The core knows no HTTP; a service without HTTP uses `()`.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bank/account.rs"));
/// use dekigoto::{Service, relay};
///
/// # fn main() {
/// let bank: Service = Service::new("bank").aggregate::<Account>((), relay::nothing);
/// assert_eq!(bank.aggregates()[0].name(), "Account");
/// assert!(bank.view_named("statements").is_err());
/// # }
/// ```
#[derive(Clone)]
pub struct Service<R: Role = ()> {
    aggregates: Vec<Registered<R>>,
    handlers: R::Handlers,
    queries: Vec<R>,
    announcements: Announcements,
}

/// An aggregate of a service.
#[derive(Clone)]
pub struct Registered<R> {
    name: &'static str,
    events: &'static [(&'static str, u32)],
    /// `None` for the processes of a policy: no request reaches them.
    routes: Option<R>,
}

impl<R: Role> Service<R> {
    /// An empty service. Its name, such as `dekigoto.orders`, is the CloudEvents source of its integration events.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let announcements = Announcements::by(name);
        let (aggregates, queries) = (Vec::new(), Vec::new());
        Self { aggregates, handlers: R::Handlers::default(), queries, announcements }
    }

    /// Sets the namespace of the types of integration events: a domain name in reverse, such as `jp.dekigoto.orders`. The
    /// default is the service's name.
    #[must_use]
    pub fn namespace(self, namespace: impl Into<String>) -> Self {
        Self { announcements: self.announcements.namespace(namespace), ..self }
    }

    /// Sets the base of the ids of event schemas: an address that ends with a slash, under which they are served.
    #[must_use]
    pub fn schemas_at(self, base: impl Into<String>) -> Self {
        Self { announcements: self.announcements.schemas_at(base), ..self }
    }

    /// Adds an aggregate, its routes, and how it announces its events to other services
    /// ([`relay::nothing`](crate::relay::nothing) if it does not).
    #[must_use]
    pub fn aggregate<A: Aggregate>(self, routes: R::Routes, announce: Announce<A>) -> Self {
        self.registered::<A>(Some(R::of(routes)), announce)
    }

    /// Adds a policy, its processes and the view of them, and how the processes announce their events to other services
    /// ([`relay::nothing`](crate::relay::nothing) if they do not).
    #[must_use]
    pub fn policy<P: Policy>(mut self, policy: P, announce: Announce<P>) -> Self {
        self.handlers.add_policy(policy);
        self.registered::<P>(None, announce).view::<Single<Processes<P>>>()
    }

    fn registered<A: Aggregate>(mut self, routes: Option<R>, announce: Announce<A>) -> Self {
        self.aggregates.push(Registered { name: A::TYPE, events: A::Event::NEWEST, routes });
        self.handlers.add_aggregate::<A>();
        Self { announcements: R::Handlers::announced::<A>(self.announcements, announce), ..self }
    }

    /// Adds a view: [`Single`](crate::views::Single) or [`Across`](crate::views::Across).
    #[must_use]
    pub fn view<V: AnyView + Default + 'static>(mut self) -> Self {
        self.handlers.add_view::<V>();
        self
    }

    /// Adds a view and its routes.
    #[must_use]
    pub fn view_at<V: AnyView + Default + 'static>(mut self, routes: R::Routes) -> Self {
        self.queries.push(R::of(routes));
        self.view::<V>()
    }

    /// The routes of all aggregates and views.
    pub fn routes(&self) -> impl Iterator<Item = &R> {
        self.aggregates.iter().filter_map(|it| it.routes.as_ref()).chain(&self.queries)
    }

    /// The aggregates, in the order in which they were added.
    #[must_use]
    pub fn aggregates(&self) -> &[Registered<R>] {
        &self.aggregates
    }

    /// The service's name: the source of its integration events.
    #[must_use]
    pub fn name(&self) -> &str {
        self.announcements.source()
    }
}

/// A service whose binary publishes.
impl<R: Role<Handlers: KeepsAnnouncements>> Service<R> {
    /// How the service announces its events.
    #[must_use]
    pub fn announcements(&self) -> &Announcements {
        &self.announcements
    }
}

/// A service whose binary projects.
impl<R: Role<Handlers: KeepsViews>> Service<R> {
    /// The views, in the order in which they were added.
    #[must_use]
    pub fn views(&self) -> &[Arc<dyn AnyView>] {
        self.handlers.views()
    }

    /// Finds a view by its name.
    ///
    /// # Errors
    /// [`UnknownView`], which lists the known names.
    pub fn view_named(&self, name: &str) -> Result<Arc<dyn AnyView>, UnknownView> {
        let found = self.views().iter().find(|view| view.name() == name);
        let unknown = || UnknownView {
            name: name.to_owned(),
            known: self.views().iter().map(|view| view.name()).collect(),
        };
        found.cloned().ok_or_else(unknown)
    }

    /// The events that a view needs, for the filter of its subscription: those that it names, or all events of the
    /// aggregates that it folds.
    #[must_use]
    pub fn events_for(&self, view: &dyn AnyView) -> Vec<&'static str> {
        let folded = self.aggregates.iter().filter(|it| view.folds().contains(&it.name));
        let all = || folded.flat_map(|it| it.events.iter().map(|(name, _)| *name)).collect();
        view.events().map_or_else(all, <[_]>::to_vec)
    }
}

/// A service whose binary runs policies.
impl<R: Role<Handlers: KeepsPolicies>> Service<R> {
    /// The policies, in the order in which they were added.
    #[must_use]
    pub fn policies(&self) -> &[Arc<dyn AnyPolicy>] {
        self.handlers.policies()
    }

    /// Finds a policy by its name.
    ///
    /// # Errors
    /// [`UnknownPolicy`], which lists the known names.
    pub fn policy_named(&self, name: &str) -> Result<Arc<dyn AnyPolicy>, UnknownPolicy> {
        let found = self.policies().iter().find(|policy| policy.name() == name);
        let unknown = || UnknownPolicy {
            name: name.to_owned(),
            known: self.policies().iter().map(|policy| policy.name()).collect(),
        };
        found.cloned().ok_or_else(unknown)
    }
}

/// A service with all its parts, for one process, tools and tests.
impl<R: Role<Handlers = KeptHandlers>> Service<R> {
    /// How the events of each aggregate are read, in the order in which the aggregates were added.
    #[must_use]
    pub fn readers(&self) -> &[Reader] {
        &self.handlers.readers
    }

    /// The same service without its routes, for tools that serve no HTTP.
    #[must_use]
    pub fn without_routes(&self) -> Service {
        let aggregates = self.aggregates.iter().map(|it| Registered {
            name: it.name,
            events: it.events,
            routes: None,
        });
        Service {
            aggregates: aggregates.collect(),
            handlers: self.handlers.clone(),
            queries: Vec::new(),
            announcements: self.announcements.clone(),
        }
    }
}

impl<R> Registered<R> {
    /// The aggregate's type.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Every event name with its newest schema version.
    #[must_use]
    pub fn events(&self) -> &'static [(&'static str, u32)] {
        self.events
    }
}
