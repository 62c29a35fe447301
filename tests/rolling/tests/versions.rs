//! The two versions of the service.

use std::sync::Arc;

use dekigoto::{
    Service,
    relay::Announcements,
    views::{Across, AnyView, Single},
};
use orders::payment::Payment;

use crate::{
    next::{self, NextOrder},
    next_views::{NextCustomerSummary, NextOrderSummary, RAISED},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Old,
    New,
}

/// What both versions consist of. A planted fault replaces a part.
pub(crate) struct Versions {
    pub(crate) old: Functions,
    pub(crate) new: Functions,
}

/// What one version deploys: its views and its publisher.
pub(crate) struct Functions {
    pub(crate) views: Vec<Arc<dyn AnyView>>,
    pub(crate) announcements: Announcements,
}

impl Default for Versions {
    fn default() -> Self {
        let old = order_service::service();
        let new: Service = Service::new("dekigoto.orders")
            .namespace("jp.dekigoto.orders")
            .aggregate::<NextOrder>((), next::announce)
            .aggregate::<Payment>((), orders::payment::announce)
            .view::<Single<NextOrderSummary<RAISED>>>()
            .view::<Across<NextCustomerSummary>>();
        let new =
            Functions { views: new.views().to_vec(), announcements: new.announcements().clone() };
        // The views that the next version changes. The others read no new event in these tests.
        let mine = |view: &&Arc<dyn AnyView>| new.views.iter().any(|it| it.name() == view.name());
        let views = old.views().iter().filter(mine).cloned().collect();
        let old = Functions { views, announcements: old.announcements().clone() };
        Self { old, new }
    }
}

impl Versions {
    pub(crate) fn of(&self, version: Version) -> &Functions {
        match version {
            Version::Old => &self.old,
            Version::New => &self.new,
        }
    }
}

impl Functions {
    pub(crate) fn view(&self, name: &str) -> Arc<dyn AnyView> {
        self.views.iter().find(|view| view.name() == name).unwrap().clone()
    }
}
