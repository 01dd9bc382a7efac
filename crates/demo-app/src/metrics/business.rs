//! What the business earns: the figures that the people who pay for the service ask for.

use prometheus::{Histogram, HistogramOpts, IntCounterVec, Opts, Registry};

use crate::orders::Order;

/// Dollars.
const BOUNDS: &[f64] = &[10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0];

#[derive(Debug)]
pub(super) struct Business {
    orders: IntCounterVec,
    values: Histogram,
}

impl Business {
    pub(super) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let orders = Opts::new("orders_total", "Orders by region and by what became of them.");
        let orders = IntCounterVec::new(orders, &["region", "status"])?;
        let values = HistogramOpts::new("orders_value_dollars", "Value of completed orders, in dollars.");
        let values = Histogram::with_opts(values.buckets(BOUNDS.to_vec()))?;
        for region in Order::regions() {
            for status in Order::STATUSES {
                orders.with_label_values(&[region, status]);
            }
        }
        registry.register(Box::new(orders.clone()))?;
        registry.register(Box::new(values.clone()))?;
        Ok(Self { orders, values })
    }

    pub(super) fn observe(&self, order: &Order) {
        self.orders.with_label_values(&[order.region, order.status]).inc();
        if order.status == "completed" {
            self.values.observe(order.value);
        }
    }
}
