//! Large numbers in tables.

use std::fmt::Display;

/// A whole number with commas between its thousands.
///
/// ```
/// assert_eq!(dekigoto_testkit::grouped(999), "999");
/// assert_eq!(dekigoto_testkit::grouped(1_234_567), "1,234,567");
/// ```
#[must_use]
pub fn grouped(number: impl Display) -> String {
    let mut grouped = String::new();
    let digits = number.to_string();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
