//! How often one order invokes each function: place, pay, ship and deliver, and all that follows, with one record a batch.
//! REFERENCE.md has the table, and the guide about scale plans with it. `make order-cost` writes it.

use std::{collections::BTreeMap, fs, path::Path};

use crate::journey::Journey;

const BEGIN: &str = "<!-- order-invocations:begin -->\n";
const END: &str = "<!-- order-invocations:end -->";

#[tokio::test]
async fn the_reference_shows_which_functions_an_order_invokes() {
    let invocations = Journey::of_one_order().await.invocations;
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    invocations.iter().for_each(|name| *counts.entry(name).or_default() += 1);
    let lines = counts.iter().map(|(name, count)| format!("| `{name}` | {count} |\n"));
    let table = "| function | invocations for one order |\n|---|---|\n".to_owned()
        + &lines.collect::<String>();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../REFERENCE.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    if std::env::var_os("WRITE_COST").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(found, table, "`make order-cost` writes the table");
    }
}
