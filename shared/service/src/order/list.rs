//! `GET /v1/orders`: lists of orders, in pages.

use std::ops::RangeInclusive;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use dekigoto::{Index, Position, RowQuery, Text, Timestamp, views::list_merged};
use dekigoto_http::{
    App, Params, Place, Problem, cursor_bytes, limits::PAGE_ITEMS_MAX, malformed_request,
    unreadable_data,
};
use orders::{CustomerId, OrderId, Status, limits::ID_BYTES_MAX};
use serde::Serialize;
use uuid::Uuid;

use super::ownership::{ORDER_SUMMARY, order_key};
use crate::{
    caller::Caller,
    limits::{CURSOR_BYTES_MAX, PAGES_PER_LIST_MAX},
    views::order_summary::{
        BY_CUSTOMER, BY_DAY, OrderView, list_sort, listed, orders_of_customer, orders_of_day,
    },
};

/// Bytes of a time and an order's id.
const MOMENT_AND_ORDER_BYTES: usize = 8 + 16;

/// Bytes of the longest place in a list.
const PLACE_BYTES_MAX: usize = MOMENT_AND_ORDER_BYTES + ID_BYTES_MAX;

const _: () = assert!(cursor_bytes(PLACE_BYTES_MAX) == CURSOR_BYTES_MAX);

/// The place where a page ended: the time of placing and the id of its last order and, in a list across customers, the
/// customer's id.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OrderPlace {
    placed_at: Timestamp,
    order: Uuid,
    customer: Option<CustomerId>,
}

impl Place for OrderPlace {
    const BYTES: RangeInclusive<usize> = MOMENT_AND_ORDER_BYTES..=PLACE_BYTES_MAX;

    fn to_bytes(&self) -> Vec<u8> {
        let customer = self.customer.as_ref().map_or("", CustomerId::as_str);
        let moment = self.placed_at.as_millis().to_be_bytes();
        [&moment, &self.order.as_bytes()[..], customer.as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (placed_at, rest) = bytes.split_first_chunk()?;
        let (order, customer) = rest.split_first_chunk()?;
        let placed_at = Timestamp::from_millis(i64::from_be_bytes(*placed_at)).ok()?;
        let customer = match customer {
            [] => None,
            customer => Some(std::str::from_utf8(customer).ok()?.parse().ok()?),
        };
        Some(Self { placed_at, order: Uuid::from_bytes(*order), customer })
    }
}

impl OrderPlace {
    /// The place of a row. `None` when the row is not an order.
    fn of(position: &Position, is_across_customers: bool) -> Option<Self> {
        let (_, order) = position.key.partition.rsplit_once('#')?;
        let order = order.parse::<OrderId>().ok()?.to_string().parse().ok()?;
        let customer =
            if is_across_customers { Some(position.key.sort.parse().ok()?) } else { None };
        let (placed_at, _) = position.sort.split_once('#')?;
        Some(Self { placed_at: placed_at.parse().ok()?, order, customer })
    }

    /// The row's position in the list of this customer, or of all customers.
    fn position(&self, customer: Option<&CustomerId>) -> Option<Position> {
        let key = order_key(self.order, customer.or(self.customer.as_ref())?);
        Some(Position { sort: list_sort(self.placed_at, self.order), key })
    }
}

/// Which orders to list.
struct List {
    index: Index,
    /// The partitions of the index that hold them.
    parts: Vec<String>,
    /// Only those with this status.
    filter: Option<Status>,
}

/// A page of a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

const TOO_WIDE: Text = Text::new(
    "Name a customerId, or a status with placedOn.",
    "customerId を指定するか、status と placedOn を一緒に指定してください。",
);

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let customer: Option<CustomerId> = params.read("customerId");
    let (status, day) = (params.read("status"), params.read("placedOn"));
    let (limit, cursor) = (params.limit(), params.text("cursor"));
    params.finish()?;
    let list = match (&customer, status, day) {
        (Some(customer), status, None) => {
            caller.must_be(customer)?;
            List { index: BY_CUSTOMER, parts: vec![orders_of_customer(customer)], filter: status }
        }
        (None, Some(status), Some(day)) => {
            caller.must_be_trusted()?;
            List { index: BY_DAY, parts: orders_of_day(day), filter: Some(status) }
        }
        _ => return Err(malformed_request(TOO_WIDE)),
    };
    let parts = list.parts.concat();
    let binding = [caller.actor(), &parts, list.filter.map_or("", Status::as_str)];
    let after = match cursor {
        None => None,
        Some(cursor) => {
            let place: OrderPlace = app.place(&binding, &cursor).await?;
            let position = place.position(customer.as_ref());
            Some(position.ok_or_else(|| unreadable_data("a cursor that names no customer"))?)
        }
    };
    let (items, next) = pages(&app, &list, after, limit).await?;
    let next_cursor = match next {
        None => None,
        Some(position) => {
            let place = OrderPlace::of(&position, customer.is_none());
            let place = place.ok_or_else(|| unreadable_data("a listed row without a place"))?;
            Some(app.cursor(&binding, &place).await?)
        }
    };
    Ok(Json(Page { items, next_cursor }).into_response())
}

/// The orders of one page, and where the next one begins. A page is full unless the list ends, or a filter has read as many
/// orders as one answer may.
async fn pages(
    app: &App,
    list: &List,
    mut after: Option<Position>,
    limit: u32,
) -> Result<(Vec<OrderView>, Option<Position>), Problem> {
    let full = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for _ in 0..PAGES_PER_LIST_MAX {
        let query = RowQuery {
            index: Some(list.index),
            partition: String::new(),
            between: None,
            newest_first: true,
            // Most orders that a filter reads are not shown.
            limit: if list.filter.is_some() { PAGE_ITEMS_MAX } else { limit },
            after,
        };
        let page = list_merged(&app.views(ORDER_SUMMARY), list.index, &list.parts, &query).await?;
        let orders = listed(app.store(), &page.rows).await?;
        let is_wanted =
            |order: &OrderView| list.filter.is_none_or(|status| order.order.status == status);
        let mut wanted = orders.into_iter().filter(is_wanted);
        found.extend(wanted.by_ref().take(full - found.len()));
        after = page.next;
        if wanted.next().is_some() {
            // The page ends within what was read.
            after = found.last().and_then(place_of);
        }
        if after.is_none() || found.len() == full {
            break;
        }
    }
    Ok((found, after))
}

/// The place of an order in the list.
fn place_of(order: &OrderView) -> Option<Position> {
    let id: Uuid = order.order_id.to_string().parse().ok()?;
    let place = OrderPlace {
        placed_at: order.order.placed_at,
        order: id,
        customer: Some(order.order.customer_id.clone()),
    };
    place.position(None)
}

#[cfg(test)]
mod tests {
    use dekigoto::RowKey;
    use proptest::prelude::*;

    use super::*;

    fn position(millis: i64, order: u128, customer: &CustomerId) -> Position {
        let order = Uuid::from_u128(order);
        let sort = list_sort(Timestamp::from_millis(millis).unwrap(), order);
        Position { sort, key: order_key(order, customer) }
    }

    #[test]
    fn a_place_holds_a_time_an_order_and_across_customers_the_customer() {
        let mine: CustomerId = "c-42".parse().unwrap();
        let at = position(1_795_424_400_123, 7, &mine);
        let bytes = OrderPlace::of(&at, false).unwrap().to_bytes();
        assert_eq!(bytes[..8], 1_795_424_400_123_i64.to_be_bytes());
        assert_eq!(bytes[8..], 7_u128.to_be_bytes());
        let bytes = OrderPlace::of(&at, true).unwrap().to_bytes();
        assert_eq!(bytes[24..], *b"c-42");
        let longest: CustomerId = "c".repeat(64).parse().unwrap();
        let bytes = OrderPlace::of(&position(0, 7, &longest), true).unwrap().to_bytes();
        assert_eq!(bytes.len(), PLACE_BYTES_MAX);
    }

    #[test]
    fn a_row_that_is_not_an_order_has_no_place() {
        for (sort, partition) in [("x", "order-summary#x"), ("2026-11-23T09:00:00.123Z", "x")] {
            let at = Position { sort: sort.to_owned(), key: RowKey::new(partition, "c-42") };
            assert_eq!(OrderPlace::of(&at, true), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_place_decodes_to_its_position(
            // From the first millisecond of the year 1 to the last of 9999.
            millis in -62_135_596_800_000..253_402_300_800_000_i64,
            order in any::<u128>(),
            whose in "[a-z0-9._:@|-]{1,64}",
            is_across in any::<bool>(),
        ) {
            let whose: CustomerId = whose.parse().unwrap();
            let at = position(millis, order, &whose);
            let bytes = OrderPlace::of(&at, is_across).unwrap().to_bytes();
            let place = OrderPlace::from_bytes(&bytes).unwrap();
            prop_assert_eq!(place.position((!is_across).then_some(&whose)), Some(at));
        }
    }
}
