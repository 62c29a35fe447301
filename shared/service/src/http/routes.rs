//! The table of routes. The router is made of it, and tests hold the same table against `infra/openapi.yaml`: a route
//! that is not in the document cannot be served by accident.

use axum::{
    Router,
    handler::Handler,
    http::Method,
    routing::{MethodRouter, get, post},
};

use super::App;

/// Routes, each with its handler.
#[derive(Default)]
pub(super) struct Table {
    pub(super) router: Router<App>,
    pub(super) routes: Vec<(Method, &'static str)>,
}

impl Table {
    /// A query.
    pub(super) fn get<H: Handler<T, App>, T: 'static>(self, path: &'static str, query: H) -> Self {
        self.and(Method::GET, path, get(query))
    }

    /// A command.
    pub(super) fn post<H: Handler<T, App>, T: 'static>(
        self,
        path: &'static str,
        command: H,
    ) -> Self {
        self.and(Method::POST, path, post(command))
    }

    fn and(mut self, method: Method, path: &'static str, handler: MethodRouter<App>) -> Self {
        self.routes.push((method, path));
        Self { router: self.router.route(path, handler), routes: self.routes }
    }
}
