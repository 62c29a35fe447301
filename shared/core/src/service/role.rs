//! What a binary keeps of its service.

use std::sync::Arc;

use crate::{
    Aggregate,
    policies::{AnyPolicy, Policy},
    relay::{Announce, Announcements},
    service::reader::Reader,
    views::AnyView,
};

/// What a binary does with its service: whether it serves the routes, and what of the rest it needs.
///
/// A registry that is generic over it serves every binary. What a role does not keep, nothing names, and the linker leaves
/// it out.
pub trait Role: Sized {
    /// The routes of one aggregate or view.
    type Routes;

    /// What becomes of views, policies and announcements: [`KeptHandlers`], one of its parts, or `()` in a binary that
    /// handles no events.
    type Handlers: Handlers;

    /// Keeps the routes, or drops them.
    fn of(routes: Self::Routes) -> Self;
}

impl Role for () {
    type Routes = ();
    type Handlers = KeptHandlers;

    fn of((): ()) {}
}

/// Keeps the parts of a service that handle events, or drops them.
pub trait Handlers: Clone + Default {
    /// Takes an aggregate.
    fn add_aggregate<A: Aggregate>(&mut self) {}

    /// Takes how an aggregate announces its events.
    fn announced<A: Aggregate>(announcements: Announcements, _: Announce<A>) -> Announcements {
        announcements
    }

    /// Takes a view.
    fn add_view<V: AnyView + Default + 'static>(&mut self) {}

    /// Takes a policy.
    fn add_policy<P: Policy>(&mut self, _: P) {}
}

/// Handlers with the views of a service.
pub trait KeepsViews: Handlers {
    /// The views, in the order in which they were added.
    fn views(&self) -> &[Arc<dyn AnyView>];
}

/// Handlers with the policies of a service.
pub trait KeepsPolicies: Handlers {
    /// The policies, in the order in which they were added.
    fn policies(&self) -> &[Arc<dyn AnyPolicy>];
}

/// Handlers that know how a service announces its events.
pub trait KeepsAnnouncements: Handlers {}

/// For a binary that only answers requests.
impl Handlers for () {}

/// For a binary that only projects: the views of a service.
#[derive(Clone, Default)]
pub struct KeptViews(Vec<Arc<dyn AnyView>>);

impl Handlers for KeptViews {
    fn add_view<V: AnyView + Default + 'static>(&mut self) {
        self.0.push(Arc::new(V::default()));
    }
}

impl KeepsViews for KeptViews {
    fn views(&self) -> &[Arc<dyn AnyView>] {
        &self.0
    }
}

/// For a binary that only runs policies: those of a service.
#[derive(Clone, Default)]
pub struct KeptPolicies(Vec<Arc<dyn AnyPolicy>>);

impl Handlers for KeptPolicies {
    fn add_policy<P: Policy>(&mut self, policy: P) {
        self.0.push(Arc::new(policy));
    }
}

impl KeepsPolicies for KeptPolicies {
    fn policies(&self) -> &[Arc<dyn AnyPolicy>] {
        &self.0
    }
}

/// For a binary that only publishes: how a service announces its events.
#[derive(Clone, Default)]
pub struct KeptAnnouncements;

impl Handlers for KeptAnnouncements {
    fn announced<A: Aggregate>(
        announcements: Announcements,
        announce: Announce<A>,
    ) -> Announcements {
        announcements.of::<A>(announce)
    }
}

impl KeepsAnnouncements for KeptAnnouncements {}

/// For a binary that does everything, and for tools and tests: all parts of a service, and how its events are read.
#[derive(Clone, Default)]
pub struct KeptHandlers {
    views: KeptViews,
    policies: KeptPolicies,
    pub(super) readers: Vec<Reader>,
}

impl Handlers for KeptHandlers {
    fn add_aggregate<A: Aggregate>(&mut self) {
        self.readers.push(Reader::of::<A>());
    }

    fn announced<A: Aggregate>(
        announcements: Announcements,
        announce: Announce<A>,
    ) -> Announcements {
        announcements.of::<A>(announce)
    }

    fn add_view<V: AnyView + Default + 'static>(&mut self) {
        self.views.add_view::<V>();
    }

    fn add_policy<P: Policy>(&mut self, policy: P) {
        self.policies.add_policy(policy);
    }
}

impl KeepsViews for KeptHandlers {
    fn views(&self) -> &[Arc<dyn AnyView>] {
        self.views.views()
    }
}

impl KeepsPolicies for KeptHandlers {
    fn policies(&self) -> &[Arc<dyn AnyPolicy>] {
        self.policies.policies()
    }
}

impl KeepsAnnouncements for KeptHandlers {}
