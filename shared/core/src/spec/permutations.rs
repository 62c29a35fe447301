//! The orders in which a spec delivers its events.

use crate::{Host as _, memory::ManualHost};

/// Up to this many deliveries, every order is tried: 120 orders.
const DELIVERIES_PERMUTED_MAX: usize = 5;

/// Random orders that are tried for more deliveries, besides the given order and its reverse.
const ORDERS_SAMPLED: usize = 100;

/// The orders of `times` deliveries of each event, as indexes of the events. The given order comes first.
pub(super) fn orders(events: usize, times: usize, is_shuffled: bool) -> Vec<Vec<usize>> {
    let given: Vec<usize> = std::iter::repeat_n(0..events, times).flatten().collect();
    if !is_shuffled {
        return vec![given];
    }
    if given.len() <= DELIVERIES_PERMUTED_MAX {
        return permutations(&given);
    }
    let host = ManualHost::new();
    let mut orders = vec![given.clone(), given.iter().rev().copied().collect()];
    orders.extend((0..ORDERS_SAMPLED).map(|_| shuffled(given.clone(), &host)));
    orders
}

fn permutations(items: &[usize]) -> Vec<Vec<usize>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let begin_with = |(place, first): (usize, &usize)| {
        let mut rest = items.to_vec();
        rest.remove(place);
        let first = *first;
        permutations(&rest).into_iter().map(move |rest| [vec![first], rest].concat())
    };
    items.iter().enumerate().flat_map(begin_with).collect()
}

/// A Fisher-Yates shuffle. The bias of the modulo is negligible with 64 bits.
fn shuffled(mut items: Vec<usize>, host: &ManualHost) -> Vec<usize> {
    for end in (1..items.len()).rev() {
        let (random, _) = host.random().as_u64_pair();
        let choices = u64::try_from(end).unwrap_or(u64::MAX).saturating_add(1);
        items.swap(end, usize::try_from(random % choices).unwrap_or(0));
    }
    items
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::orders;

    #[test]
    fn few_deliveries_are_tried_in_every_order_with_the_given_one_first() {
        let all = orders(4, 1, true);
        assert_eq!(all.len(), 24);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 24);
        assert_eq!(all[0], [0, 1, 2, 3]);
    }

    #[test]
    fn many_deliveries_are_tried_in_a_repeatable_sample_of_orders() {
        let sample = orders(4, 2, true);
        assert_eq!(sample[..2], [vec![0, 1, 2, 3, 0, 1, 2, 3], vec![3, 2, 1, 0, 3, 2, 1, 0]]);
        assert!(sample.iter().collect::<BTreeSet<_>>().len() > 90, "few orders come twice");
        for order in &sample {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 0, 1, 1, 2, 2, 3, 3], "every event comes twice");
        }
        assert_eq!(sample, orders(4, 2, true));
    }

    #[test]
    fn an_unshuffled_spec_has_one_order() {
        assert_eq!(orders(2, 2, false), [[0, 1, 0, 1]]);
    }
}
