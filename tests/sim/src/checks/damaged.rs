//! S8: in the end, each row that is still damaged is shown from the store, alone and in its list, and a verification names
//! it.

use std::collections::BTreeSet;

use axum::Router;
use dekigoto::{
    RowKey,
    views::{Extent, View as _},
};
use dekigoto_http::{App, Routes};
use futures_util::FutureExt as _;
use order_service::{CONTRACT, OrderSummaryView, service};

use super::views::name;
use crate::{
    client::{Ask, answer},
    history::Answer,
    lost::operator,
    readers::shows_truth,
    vetting::registry,
    workload::staff,
    world::World,
};

/// Orders on a page of a list.
const PAGE: u32 = 100;

/// Checks the rows that no event has touched since they were damaged.
pub(crate) fn check(world: &World) {
    let damaged = world.truth.memory().damaged.keys();
    let view_of = |key: &RowKey| key.partition.split_once('#').unwrap().0.to_owned();
    let views: BTreeSet<String> = damaged.iter().map(view_of).collect();
    for view in views {
        let keys = damaged.iter().filter(|key| view_of(key) == view);
        named(world, &view, keys.clone());
        if view == OrderSummaryView::NAME {
            keys.for_each(|key| shown(world, key));
        }
    }
}

/// An operator's verification names each of them.
fn named<'a>(world: &World, view: &str, damaged: impl Iterator<Item = &'a RowKey>) {
    let (ports, history) = (operator(world), world.events.stored());
    let view = registry().view_named(view).unwrap();
    let verified = view.verify(&ports, &history, Extent::Everything).now_or_never().unwrap();
    let differences = match verified {
        Ok(found) => found.differences,
        Err(error) => return world.sim.violation("S8", format!("a verification ended: {error}")),
    };
    for key in damaged {
        let key = name(key);
        if differences.iter().any(|it| it.row == key) {
            world.sim.mark("a verification named a damaged row");
        } else {
            world.sim.violation("S8", format!("no verification names the damaged row {key}"));
        }
    }
}

/// The order of a damaged row is shown with all its events, and its customer's list has it.
fn shown(world: &World, key: &RowKey) {
    let (_, id) = key.partition.split_once('#').unwrap();
    let router = Routes::of(&service(), &CONTRACT).router(App::new(operator(world)));
    let order = get(&router, format!("/v1/orders/{id}"));
    let head = world.events.len(&format!("Order#{id}"));
    if (order.status, order.from_store) != (200, true) || order.body["version"] != head {
        let Answer { status, body, .. } = order;
        let what = format!("the order {id} at {head} with a damaged row: {status} {body}");
        return world.sim.violation("S8", what);
    }
    shows_truth(world, id, &order.body);
    let path = format!("/v1/orders?customerId={}&limit={PAGE}", key.sort);
    let mut page = get(&router, path.clone());
    loop {
        if page.body["items"].as_array().is_some_and(|items| items.contains(&order.body)) {
            return world.sim.mark("a damaged row was shown from the store");
        }
        let Some(cursor) = page.body["nextCursor"].as_str() else { break };
        page = get(&router, format!("{path}&cursor={cursor}"));
    }
    world.sim.violation("S8", format!("a list lacks the order {id} of a damaged row"));
}

fn get(router: &Router, path: String) -> Answer {
    let request = Ask::get(&staff(), path).request(0);
    answer(router.clone(), request).now_or_never().unwrap()
}
