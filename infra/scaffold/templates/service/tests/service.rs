//! The tests of the service.

use __snake__::__snake__::{__Name__, Command, Event, Refusal, Titled};
use __snake__::views::__snake___summary::{__Name__Summary, Row};
use dekigoto::spec::{given, given_view, golden_files, happened};

fn titled(title: &str) -> Titled {
    Titled { title: title.to_owned() }
}

#[test]
fn a_rename_needs_an_existing_aggregate_and_a_new_title() {
    let rename = |title: &str| Command::Rename { title: title.to_owned() };
    given::<__Name__>([]).when(rename("b")).then_refused(Refusal::NotFound);
    let created = given::<__Name__>([Event::Created(titled("a"))]);
    created.when(rename("b")).then([Event::Renamed(titled("b"))]).when(rename("b")).then_nothing();
}

#[test]
fn the_summary_shows_the_newest_title_in_any_order_of_messages() {
    given_view::<__Name__Summary>([happened::<__Name__>("1", Event::Created(titled("a")))])
        .when(happened::<__Name__>("1", Event::Renamed(titled("b"))))
        .delivered_twice()
        .shuffled()
        .then(Row { title: "b".to_owned(), changes: 2 });
}

#[test]
fn the_registry_and_the_golden_files_agree() {
    let service = __snake__::service::<dekigoto_http::Unserved>();
    assert_eq!(service.faults(), Vec::<String>::new());
    assert_eq!(golden_files(&service, "tests/golden"), Vec::<String>::new());
}
