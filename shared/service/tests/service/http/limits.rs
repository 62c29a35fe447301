//! Compares the tables of limits in REFERENCE.md with the code.

use dekigoto_http::limits as http;
use dekigoto_testkit::grouped;
use order_service::limits as service;
use orders::limits as domain;

const REFERENCE: &str = include_str!("../../../../../REFERENCE.md");
const SOURCES: [&str; 3] = [
    include_str!("../../../../http/src/limits.rs"),
    include_str!("../../../src/limits.rs"),
    include_str!("../../../../orders/src/limits.rs"),
];

/// Every limit with its value, in the reference's notation.
fn limits() -> Vec<(&'static str, String)> {
    macro_rules! values {
        ($($module:ident :: $name:ident),* $(,)?) => {
            vec![$((stringify!($name), grouped($module::$name))),*]
        };
    }
    let mut limits = values![
        http::BODY_BYTES_MAX,
        http::PARAMETERS_MAX,
        http::PAGE_ITEMS_MAX,
        http::PAGE_ITEMS_DEFAULT,
        service::PAGES_PER_LIST_MAX,
        service::PRICES_PER_CURRENCY_MAX,
        service::SALES_DAYS_MAX,
        http::EVENTS_PER_FOLD_MAX,
        service::CURSOR_BYTES_MAX,
        http::FAULTS_MAX,
        http::ECHO_BYTES_MAX,
        http::ECHOED_NAME_BYTES_MAX,
        domain::ITEMS_MAX,
        domain::QUANTITY_MAX,
        domain::UNIT_AMOUNT_MAX,
        domain::AMOUNT_MAX,
        domain::PAYMENTS_PER_ORDER_MAX,
        domain::PAYMENTS_WITH_DECLINED_MAX,
        domain::REFUNDS_PER_ORDER_MAX,
        domain::REFUNDS_WITH_FAILED_MAX,
        domain::ID_BYTES_MAX,
        domain::REFERENCE_BYTES_MAX,
        domain::REFUND_REFERENCE_BYTES_MAX,
        domain::DECLINE_REASON_BYTES_MAX,
        domain::CARRIER_CHARS_MAX,
        domain::TRACKING_NUMBER_BYTES_MAX,
        domain::REASON_CHARS_MAX,
    ];
    limits.push(("REQUEST_TIME_MAX", format!("{} s", http::REQUEST_TIME_MAX.as_secs())));
    limits
}

/// The cells of the row with the constant.
fn row(name: &str) -> Vec<&'static str> {
    let mut rows = REFERENCE.lines().filter(|line| line.contains(&format!("`{name}`")));
    let row = rows.next().unwrap_or_else(|| panic!("REFERENCE.md has no row with {name}"));
    assert_eq!(rows.next(), None, "{name} is in two rows");
    row.split('|').map(str::trim).collect()
}

#[test]
fn the_readme_has_every_limit_with_its_value() {
    for (name, value) in limits() {
        let cells = row(name);
        let place = cells[3].split(", ").position(|it| it == format!("`{name}`")).unwrap();
        let told = cells[2].split("; ").nth(place).unwrap();
        let has_value = told.split(' ').any(|word| word == value) || told == value;
        assert!(has_value, "{name} is {value}, and REFERENCE.md says {told:?}");
    }
}

#[test]
fn no_limit_is_left_out() {
    let listed = limits();
    let declared = SOURCES.iter().flat_map(|source| source.lines());
    let names = declared.filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
    let mut count = 0;
    for name in names {
        assert!(listed.iter().any(|(it, _)| *it == name), "{name} is not in the test's list");
        count += 1;
    }
    assert_eq!(count, listed.len());
}
