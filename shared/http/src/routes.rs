//! The route table. The router is built from it, and a service's tests compare the same table with its OpenAPI
//! document, so no undocumented route is served by accident.

use std::{collections::BTreeSet, marker::PhantomData};

use axum::{
    Router,
    handler::Handler,
    http::Method,
    middleware,
    routing::{MethodRouter, get, post, put},
};

use dekigoto::{Handlers, KeptHandlers, Role, views::SingleView};

use crate::{
    app::App,
    caller::Owner,
    contract::{Contract, DOCUMENT_PATH, HEALTH_PATH, answer},
    layer,
    row::row,
};

/// The routes of a service, each with its handler.
#[derive(Default)]
pub struct Routes {
    router: Router<App>,
    list: Vec<(Method, &'static str)>,
}

/// Adds the routes of one aggregate or view.
pub type AddRoutes = fn(Routes) -> Routes;

/// For an aggregate or view without routes.
#[must_use]
pub fn no_routes(routes: Routes) -> Routes {
    routes
}

/// A service whose aggregates and views have HTTP routes.
pub type Service<E = Served> = dekigoto::Service<E>;

/// The role of a binary: [`Served`] or [`Unserved`], and with which handlers. A registry that returns `Service<E>` for each
/// `E: Edge` is right for all binaries.
///
/// ```
/// use dekigoto_http::{Edge, Service};
///
/// fn service<E: Edge>() -> Service<E> {
///     Service::<E>::new("stock") // .aggregate::<…>(…)
/// }
/// ```
pub trait Edge: Role<Routes = AddRoutes> {}

impl<E: Role<Routes = AddRoutes>> Edge for E {}

/// Routes that a binary serves.
pub trait Serves: Edge {
    /// Adds the routes of one aggregate or view.
    fn add_to(&self, routes: Routes) -> Routes;
}

/// For a binary that serves HTTP. With all handlers, it is the whole system in one process; `Served<()>` handles no events.
#[derive(Clone)]
pub struct Served<H = KeptHandlers>(AddRoutes, PhantomData<fn() -> H>);

/// For a binary that serves no HTTP. It handles events with these handlers.
#[derive(Clone)]
pub struct Unserved<H = KeptHandlers>(PhantomData<fn() -> H>);

impl<H: Handlers> Role for Served<H> {
    type Routes = AddRoutes;
    type Handlers = H;

    fn of(routes: AddRoutes) -> Self {
        Self(routes, PhantomData)
    }
}

impl<H: Handlers> Serves for Served<H> {
    fn add_to(&self, routes: Routes) -> Routes {
        (self.0)(routes)
    }
}

impl<H: Handlers> Role for Unserved<H> {
    type Routes = AddRoutes;
    type Handlers = H;

    fn of(_: AddRoutes) -> Self {
        Self(PhantomData)
    }
}

impl Routes {
    /// The routes of a service's aggregates and views, plus `GET /`, `GET /v1/health` and `GET /v1/openapi.json`.
    #[must_use]
    pub fn of<E: Serves>(service: &Service<E>, contract: &'static Contract) -> Self {
        let name = service.name().to_owned();
        let own = Self::default()
            .get("/", move |params| contract.welcome(name.clone(), params))
            .get(HEALTH_PATH, |params| contract.health(params));
        let mut routes = service.routes().fold(own, |routes, served| served.add_to(routes));
        routes.list.push((Method::GET, DOCUMENT_PATH));
        let document = contract.document(&routes.list);
        let answer = get(move |params| answer(document.clone(), params));
        Self { router: routes.router.route(DOCUMENT_PATH, answer), ..routes }
    }

    /// Adds a query (`GET`).
    #[must_use]
    pub fn get<H: Handler<T, App>, T: 'static>(self, path: &'static str, query: H) -> Self {
        self.and(Method::GET, path, get(query))
    }

    /// Adds a command (`POST`).
    #[must_use]
    pub fn post<H: Handler<T, App>, T: 'static>(self, path: &'static str, command: H) -> Self {
        self.and(Method::POST, path, post(command))
    }

    /// Adds a command that sets something whose id the client names (`PUT`).
    #[must_use]
    pub fn put<H: Handler<T, App>, T: 'static>(self, path: &'static str, command: H) -> Self {
        self.and(Method::PUT, path, put(command))
    }

    /// Adds a query for the row of the view `V` whose id is in the path, never older than `?minVersion=n`. For staff and
    /// services. `O` is the service's owner id.
    #[must_use]
    pub fn row<O: Owner, V: SingleView>(self, path: &'static str) -> Self {
        self.get(path, row::<O, V>)
    }

    /// Method and path of every route.
    #[must_use]
    pub fn list(&self) -> &[(Method, &'static str)] {
        &self.list
    }

    /// Routes that are missing in the service's document, and operations of the document without a route. A test of each
    /// service asserts that the list is empty.
    #[must_use]
    pub fn undocumented(&self, contract: &Contract) -> Vec<String> {
        let routed: BTreeSet<String> =
            self.list.iter().map(|(method, path)| format!("{method} {path}")).collect();
        routed.symmetric_difference(&contract.operations()).cloned().collect()
    }

    /// Builds the router. One layer around all routes gives each request an id, a deadline and a log line, catches
    /// panics, and renders problems.
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
