//! One row for each `__Name__`: its title and the number of changes.

use dekigoto::{
    Envelope,
    views::{Fold, SingleView, View},
};
use dekigoto_http::Routes;
use serde::{Deserialize, Serialize};

use crate::__snake__::{__Name__, Event};

pub fn routes(routes: Routes) -> Routes {
    routes.row::<String, __Name__Summary>("/v1/__name__/{id}")
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub title: String,
    pub changes: u32,
}

pub struct __Name__Summary;

impl View for __Name__Summary {
    type Row = Row;
    type Folds = (__Name__,);
    const NAME: &'static str = "__Name__Summary";
}

impl Fold<__Name__> for __Name__Summary {
    fn fold(row: &mut Row, event: &Event, _: &Envelope) {
        match event {
            Event::Created(it) | Event::Renamed(it) => row.title.clone_from(&it.title),
        }
        row.changes += 1;
    }
}

impl SingleView for __Name__Summary {}
