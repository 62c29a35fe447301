//! The table of routes. The router is made of it, and a service's tests hold the same table against its document: a route
//! that is not documented cannot be served by accident.

use std::collections::BTreeSet;

use axum::{
    Router,
    handler::Handler,
    http::Method,
    middleware,
    routing::{MethodRouter, get, post},
};

use dekigoto::views::SingleView;

use crate::{
    app::App,
    caller::Owner,
    contract::{Contract, answer},
    layer,
    row::row,
};

const DOCUMENT_PATH: &str = "/v1/openapi.json";

/// Routes, each with its handler.
#[derive(Default)]
pub struct Routes {
    router: Router<App>,
    list: Vec<(Method, &'static str)>,
}

/// Adds the routes of one part of a service.
pub type AddRoutes = fn(Routes) -> Routes;

/// The routes of a part that nobody reaches over HTTP.
#[must_use]
pub fn no_routes(routes: Routes) -> Routes {
    routes
}

/// A service whose parts have HTTP routes.
pub type Service = dekigoto::Service<AddRoutes>;

impl Routes {
    /// The routes of a service: those of its aggregates and views, and `GET /v1/health` and `GET /v1/openapi.json`.
    #[must_use]
    pub fn of(service: &Service, contract: &'static Contract) -> Self {
        let own = Self::default().get("/v1/health", |params| contract.health(params));
        let mut routes = service.routes().fold(own, |routes, add| add(routes));
        routes.list.push((Method::GET, DOCUMENT_PATH));
        let document = contract.document(&routes.list);
        let answer = get(move |params| answer(document.clone(), params));
        Self { router: routes.router.route(DOCUMENT_PATH, answer), ..routes }
    }

    /// Adds a query.
    #[must_use]
    pub fn get<H: Handler<T, App>, T: 'static>(self, path: &'static str, query: H) -> Self {
        self.and(Method::GET, path, get(query))
    }

    /// Adds a command.
    #[must_use]
    pub fn post<H: Handler<T, App>, T: 'static>(self, path: &'static str, command: H) -> Self {
        self.and(Method::POST, path, post(command))
    }

    /// Adds a query that answers with the row of the view `V` whose aggregate the path names: for staff and services, never
    /// older than `?minVersion=n`. `O` names the owners of the service's things.
    #[must_use]
    pub fn row<O: Owner, V: SingleView>(self, path: &'static str) -> Self {
        self.get(path, row::<O, V>)
    }

    /// Method and path of every route.
    #[must_use]
    pub fn list(&self) -> &[(Method, &'static str)] {
        &self.list
    }

    /// The routes that the service's document does not list, and the other way round. A test of every service asserts that
    /// there are none.
    #[must_use]
    pub fn undocumented(&self, contract: &Contract) -> Vec<String> {
        let routed: BTreeSet<String> =
            self.list.iter().map(|(method, path)| format!("{method} {path}")).collect();
        routed.symmetric_difference(&contract.operations()).cloned().collect()
    }

    /// The router: every route, inside the layer that gives each request an id, a deadline and a log line, and that turns
    /// problems into answers.
    pub fn router(self, app: App) -> Router {
        self.router
            .method_not_allowed_fallback(layer::unknown_method)
            .fallback(layer::unknown_path)
            .layer(middleware::from_fn_with_state(app.clone(), layer::surround))
            .with_state(app)
    }

    fn and(mut self, method: Method, path: &'static str, handler: MethodRouter<App>) -> Self {
        self.list.push((method, path));
        Self { router: self.router.route(path, handler), list: self.list }
    }
}
