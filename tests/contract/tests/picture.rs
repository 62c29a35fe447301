//! The picture of the architecture, made from the registry, so that it names today's aggregates, policies and views.

use std::fmt::Write as _;

use order_service::service;

const ROW: usize = 62;
const BOX: (usize, usize) = (200, 46);
/// The left edges of the columns: aggregates, the event table, topic and bus, and those that read them.
const COLUMNS: [usize; 4] = [10, 265, 520, 775];
const TITLE: &str = "Commands become events in the event table; its stream feeds topic and bus; views, policies and \
                     other services read them";

/// A box, at a column and a row.
struct Place {
    column: usize,
    row: usize,
}

/// An SVG with two lines of text in each box. It is readable on a light and on a dark page.
pub(crate) fn svg() -> String {
    let service = service();
    let processes: Vec<_> = service.policies().iter().map(|it| it.process_type()).collect();
    let readers: Vec<(&str, String)> = service
        .policies()
        .iter()
        .map(|it| (it.name(), format!("policy: commands to {}", it.process_type())))
        .chain(
            service
                .views()
                .iter()
                .map(|it| (it.name(), format!("view of {}", it.folds().join(", ")))),
        )
        .collect();
    let rows = readers.len().max(service.aggregates().len()) + 1;
    let (table, topic) = (Place { column: 1, row: rows / 2 }, Place { column: 2, row: rows / 2 });
    let (bus, others) = (Place { column: 2, row: rows - 1 }, Place { column: 3, row: rows - 1 });

    let mut svg = head(COLUMNS[3] + BOX.0 + 10, rows * ROW + 20);
    for (row, aggregate) in service.aggregates().iter().enumerate() {
        let is_process = processes.contains(&aggregate.name());
        let from = if is_process { "process: events of a policy" } else { "commands over HTTP" };
        let place = Place { column: 0, row };
        put(&mut svg, &place, aggregate.name(), from);
        arrow(&mut svg, &place, &table);
    }
    put(&mut svg, &table, "event table", "its stream is the outbox");
    put(&mut svg, &topic, "topic", "domain events");
    put(&mut svg, &bus, "bus", "integration events");
    put(&mut svg, &others, "other services", "queues and rules of their own");
    for (row, (name, text)) in readers.iter().enumerate() {
        let place = Place { column: 3, row };
        put(&mut svg, &place, name, text);
        arrow(&mut svg, &topic, &place);
    }
    for (from, to) in [(&table, &topic), (&table, &bus), (&topic, &others), (&bus, &others)] {
        arrow(&mut svg, from, to);
    }
    svg + "</svg>\n"
}

fn head(width: usize, height: usize) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"13\" role=\"img\" aria-label=\"{TITLE}\">\n\
         <title>{TITLE}</title>\n\
         <defs><marker id=\"end\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#777\"/></marker></defs>\n"
    )
}

fn top(row: usize) -> usize {
    row * ROW + 10
}

fn put(svg: &mut String, place: &Place, title: &str, text: &str) {
    let (x, y) = (COLUMNS[place.column], top(place.row));
    let (width, height) = BOX;
    writeln!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"5\" fill=\"#f2f6ff\" stroke=\"#4a6fb5\"/>\
         <text x=\"{tx}\" y=\"{ty}\" font-weight=\"bold\">{title}</text><text x=\"{tx}\" y=\"{by}\">{text}</text>",
        tx = x + 10,
        ty = y + 20,
        by = y + 37,
    )
    .unwrap();
}

fn arrow(svg: &mut String, from: &Place, to: &Place) {
    let half = BOX.1 / 2;
    let (x1, y1) = (COLUMNS[from.column] + BOX.0, top(from.row) + half);
    let (x2, y2) = (COLUMNS[to.column], top(to.row) + half);
    let line = format!(
        "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"#777\" marker-end=\"url(#end)\"/>"
    );
    writeln!(svg, "{line}").unwrap();
}

#[test]
fn the_picture_names_every_aggregate_every_policy_and_every_view() {
    let (svg, service) = (svg(), service());
    let aggregates = service.aggregates().iter().map(|it| it.name());
    let policies = service.policies().iter().map(|it| it.name());
    for name in aggregates.chain(policies).chain(service.views().iter().map(|it| it.name())) {
        assert!(svg.contains(&format!(">{name}<")), "{name}");
    }
}
