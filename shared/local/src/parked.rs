//! Whose dead letter a parked record is. One process keeps them together; on AWS each function has a queue of its own.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{Parking, Source};

/// What stands between the name and the reason.
const AFTER_NAME: &str = ": ";

/// Parks with the name of the view or policy in front of the reason.
pub(crate) struct Named<P: ?Sized> {
    pub(crate) name: String,
    pub(crate) parking: Arc<P>,
}

#[async_trait]
impl<P: Parking + ?Sized> Parking for Named<P> {
    async fn park(&self, body: &str, reason: &str) -> Result<(), Source> {
        self.parking.park(body, &format!("{}{AFTER_NAME}{reason}", self.name)).await
    }
}

/// The name in front of a reason, and the rest. No name if none of these stands there.
pub(crate) fn owner<'a>(
    reason: &'a str,
    mut names: impl Iterator<Item = &'a str>,
) -> (Option<&'a str>, &'a str) {
    let Some((name, rest)) = reason.split_once(AFTER_NAME) else { return (None, reason) };
    if names.any(|it| it == name) { (Some(name), rest) } else { (None, reason) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dekigoto::{Parking as _, memory::MemoryParking};

    use super::{Named, owner};

    #[tokio::test]
    async fn a_parked_record_says_whose_it_is() {
        let parking = Arc::new(MemoryParking::default());
        let named = Named { name: "order-summary".to_owned(), parking: parking.clone() };
        named.park("{}", "no JSON: line 1").await.unwrap();
        let reason = parking.dump()[0].1.clone();
        let names = || ["daily-sales", "order-summary"].into_iter();
        assert_eq!(owner(&reason, names()), (Some("order-summary"), "no JSON: line 1"));
        assert_eq!(owner("no JSON: line 1", names()), (None, "no JSON: line 1"));
        assert_eq!(owner("broken", names()), (None, "broken"));
    }
}
