//! What a binary keeps of its service.

use std::sync::Arc;

use crate::{
    policies::{AnyPolicy, Policy},
    views::AnyView,
};

/// What a binary does with its service: whether it serves the routes, and whether it handles events.
///
/// A registry that is generic over it serves every binary. What a role does not keep, nothing names, and the linker leaves
/// it out.
pub trait Role: Sized {
    /// The routes of one aggregate or view.
    type Routes;

    /// What becomes of views and policies: [`KeptHandlers`], or `()` in a binary that handles no events.
    type Handlers: Handlers;

    /// Keeps the routes, or drops them.
    fn of(routes: Self::Routes) -> Self;
}

impl Role for () {
    type Routes = ();
    type Handlers = KeptHandlers;

    fn of((): ()) {}
}

/// Keeps the views and policies of a service, or drops them.
pub trait Handlers: Clone + Default {
    /// Takes a view.
    fn add_view<V: AnyView + Default + 'static>(&mut self);

    /// Takes a policy.
    fn add_policy<P: Policy>(&mut self, policy: P);
}

/// The views and policies of a service.
#[derive(Clone, Default)]
pub struct KeptHandlers {
    pub(super) views: Vec<Arc<dyn AnyView>>,
    pub(super) policies: Vec<Arc<dyn AnyPolicy>>,
}

impl Handlers for KeptHandlers {
    fn add_view<V: AnyView + Default + 'static>(&mut self) {
        self.views.push(Arc::new(V::default()));
    }

    fn add_policy<P: Policy>(&mut self, policy: P) {
        self.policies.push(Arc::new(policy));
    }
}

impl Handlers for () {
    fn add_view<V: AnyView + Default + 'static>(&mut self) {}

    fn add_policy<P: Policy>(&mut self, _: P) {}
}
