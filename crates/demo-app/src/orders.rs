//! Orders: what the business sells, and the last of them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use rand::RngExt;
use rand::rngs::SmallRng;
use serde_json::{Value, json};

use crate::latency::normal;

/// How many orders the list keeps.
const KEPT: usize = 20;

/// Where orders come from, and how many of ten do.
const REGIONS: [(&str, u32); 3] = [("eu", 5), ("us", 3), ("apac", 2)];

/// One order as drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Order {
    pub(crate) region: &'static str,
    /// `completed`, `cancelled` by the customer, or `failed` by a fault of ours.
    pub(crate) status: &'static str,
    /// What it is worth, in dollars.
    pub(crate) value: f64,
}

impl Order {
    pub(crate) const STATUSES: [&'static str; 3] = ["completed", "cancelled", "failed"];

    /// The regions' names.
    pub(crate) fn regions() -> impl Iterator<Item = &'static str> {
        REGIONS.iter().map(|(name, _)| *name)
    }

    /// One order that did not fail.
    pub(crate) fn draw(rng: &mut SmallRng) -> Self {
        let mut ticket = rng.random_range(0..10_u32);
        let region = REGIONS.iter().find(|(_, share)| {
            let found = ticket < *share;
            ticket = ticket.saturating_sub(*share);
            found
        });
        let cancelled = rng.random_range(0..20_u32) == 0;
        let (first, second) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
        // Half of them are below 60 dollars, one in a hundred above 400.
        let value = 60.0 * (0.8 * normal(first, second)).exp();
        Self {
            region: region.map_or("eu", |(name, _)| *name),
            status: if cancelled { "cancelled" } else { "completed" },
            value: (value.clamp(1.0, 10_000.0) * 100.0).round() / 100.0,
        }
    }
}

/// The last orders, the newest first.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    last: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    taken: u64,
    last: VecDeque<(u64, Order)>,
}

impl Orders {
    /// Takes an order and says its number.
    pub(crate) fn take(&self, order: Order) -> u64 {
        let mut ledger = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.taken += 1;
        let number = ledger.taken;
        ledger.last.push_front((number, order));
        ledger.last.truncate(KEPT);
        number
    }

    /// The list as JSON.
    pub(crate) fn list(&self) -> Value {
        let ledger = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        ledger
            .last
            .iter()
            .map(|(number, order)| shown(*number, order))
            .collect()
    }
}

/// One order as JSON.
pub(crate) fn shown(number: u64, order: &Order) -> Value {
    json!({"id": number, "region": order.region, "status": order.status, "value_dollars": order.value})
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn regions_and_statuses_have_their_shares_and_values_a_tail() {
        let mut rng = SmallRng::seed_from_u64(1);
        let orders: Vec<Order> = (0..10_000).map(|_| Order::draw(&mut rng)).collect();
        let share = |is: &dyn Fn(&Order) -> bool| orders.iter().filter(|order| is(order)).count() as f64 / 10_000.0;
        for (region, expected) in [("eu", 0.5), ("us", 0.3), ("apac", 0.2)] {
            let found = share(&|order| order.region == region);
            assert!((found - expected).abs() < 0.02, "{region}: {found}");
        }
        let (cancelled, small) = (
            share(&|order| order.status == "cancelled"),
            share(&|order| order.value < 60.0),
        );
        assert!(
            (cancelled - 0.05).abs() < 0.01 && (small - 0.5).abs() < 0.02,
            "{cancelled} {small}"
        );
    }

    #[test]
    fn only_the_last_are_kept() {
        let orders = Orders::default();
        let order = Order::draw(&mut SmallRng::seed_from_u64(1));
        let numbers: Vec<u64> = (0..25).map(|_| orders.take(order)).collect();
        assert_eq!(numbers, (1..=25).collect::<Vec<_>>());
        let list = orders.list();
        let ids: Vec<u64> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|order| order["id"].as_u64().unwrap())
            .collect();
        assert_eq!(ids, (6..=25).rev().collect::<Vec<_>>());
    }
}
