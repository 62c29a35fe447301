//! The two versions of the service.

use std::sync::Arc;

use axum::Router;
use dekigoto::{
    KeptHandlers, Ports, Role, Service,
    policies::AnyPolicy,
    relay::{self, Announcements},
    views::{Across, AnyView, Single},
};
use dekigoto_http::{App, Routes};
use order_service::CONTRACT;
use orders::payment::Payment;

use crate::{
    next::{self, NextOrder},
    next_fulfilment::{self, NextFulfilment},
    next_price::{NextPrice, NextPriceList},
    next_views::{NextCustomerSummary, NextDailySales, NextOrderSummary, RAISED},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Old,
    New,
}

/// What both versions consist of. A planted fault replaces a part.
pub(crate) struct Versions {
    /// The API of the old version. That of the next one is its commands, and its rows.
    pub(crate) api: fn(Ports) -> Router,
    pub(crate) old: Functions,
    pub(crate) new: Functions,
}

/// What one version deploys: its views, its policy and its publisher.
pub(crate) struct Functions {
    pub(crate) views: Vec<Arc<dyn AnyView>>,
    pub(crate) policy: Arc<dyn AnyPolicy>,
    pub(crate) announcements: Announcements,
}

impl Default for Versions {
    fn default() -> Self {
        let new: Service = Service::new("dekigoto.orders")
            .namespace("jp.dekigoto.orders")
            .aggregate::<NextOrder>((), next::announce)
            .aggregate::<Payment>((), orders::payment::announce)
            .aggregate::<NextPrice>((), relay::nothing)
            .policy(NextFulfilment::default(), next_fulfilment::announce)
            .view::<Single<NextOrderSummary<RAISED>>>()
            .view::<Across<NextCustomerSummary>>()
            .view::<Across<NextDailySales>>()
            .view::<Single<NextPriceList>>();
        let old = Functions::of(&order_service::service());
        Self { api, old, new: Functions::of(&new) }
    }
}

/// The API of the old version.
pub(crate) fn api(ports: Ports) -> Router {
    Routes::of(&order_service::service(), &CONTRACT).router(App::new(ports))
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
    fn of<R: Role<Handlers = KeptHandlers>>(service: &Service<R>) -> Self {
        let policy = service.policies()[0].clone();
        let announcements = service.announcements().clone();
        Self { views: service.views().to_vec(), policy, announcements }
    }

    pub(crate) fn view(&self, name: &str) -> Arc<dyn AnyView> {
        self.views.iter().find(|view| view.name() == name).unwrap().clone()
    }

    /// Deploys another view of this name.
    pub(crate) fn replace(&mut self, view: Arc<dyn AnyView>) {
        let place = self.views.iter().position(|it| it.name() == view.name()).unwrap();
        self.views[place] = view;
    }
}
