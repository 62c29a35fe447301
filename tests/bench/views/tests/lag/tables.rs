//! The tables in REFERENCE.md, and the parameters of the template.

use std::{fs, path::Path, time::Duration};

/// The default of a parameter of the template, in seconds.
pub(super) fn setting(parameter: &str) -> u64 {
    let template = fs::read_to_string(path("template.yaml")).unwrap();
    let block = template.split_once(&format!("\n  {parameter}:\n")).unwrap().1;
    let default = block.split_once("\n    Default: ").unwrap().1;
    let number: String = default.chars().take_while(char::is_ascii_digit).collect();
    number.parse().unwrap()
}

pub(super) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// Compares the table between these markers with its rows, or writes it.
pub(super) fn compare(name: &str, head: &str, rows: &str) {
    let columns = head.matches('|').count() - 1;
    let table = format!("{head}\n|{}\n{rows}", "---|".repeat(columns));
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let reference = fs::read_to_string(path("REFERENCE.md")).unwrap();
    let (before, rest) = reference.split_once(&begin).unwrap();
    let (found, after) = rest.split_once(&end).unwrap();
    if std::env::var_os("WRITE_LAG").is_some() {
        fs::write(path("REFERENCE.md"), format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        assert_eq!(found, table, "WRITE_LAG=1 cargo test -p view-costs lag writes the table");
    }
}

fn path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").join(name)
}
