//! Whose dead letter a parked record is. One process keeps them together; on AWS each function has a queue of its own.

use dekigoto::Named;

/// The name in front of a reason, and the rest. No name if none of these stands there.
pub(crate) fn owner<'a>(
    reason: &'a str,
    mut names: impl Iterator<Item = &'a str>,
) -> (Option<&'a str>, &'a str) {
    let Some((name, rest)) = reason.split_once(Named::AFTER_NAME) else { return (None, reason) };
    if names.any(|it| it == name) { (Some(name), rest) } else { (None, reason) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dekigoto::{Named, Parking as _, log, memory::MemoryParking};

    use super::owner;

    #[tokio::test]
    async fn a_record_of_a_log_is_parked_once_for_each_consumer() {
        let parking = Arc::new(MemoryParking::default());
        for _ in 0..2 {
            for name in ["daily-sales", "order-summary"] {
                let named = Named::new(name, parking.clone());
                log::park(&named, "orders-0@6", "{}", "no JSON").await.unwrap();
            }
        }
        let reasons: Vec<String> = parking.dump().into_iter().map(|(_, reason)| reason).collect();
        assert_eq!(reasons, ["daily-sales: no JSON", "order-summary: no JSON"]);
    }

    #[tokio::test]
    async fn a_parked_record_says_whose_it_is() {
        let parking = Arc::new(MemoryParking::default());
        let named = Named::new("order-summary", parking.clone());
        named.park("{}", "no JSON: line 1").await.unwrap();
        let reason = parking.dump()[0].1.clone();
        let names = || ["daily-sales", "order-summary"].into_iter();
        assert_eq!(owner(&reason, names()), (Some("order-summary"), "no JSON: line 1"));
        assert_eq!(owner("no JSON: line 1", names()), (None, "no JSON: line 1"));
        assert_eq!(owner("broken", names()), (None, "broken"));
    }
}
