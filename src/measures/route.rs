//! What is counted of the requests for one route. All of it is there from the start: to count, nothing is looked up and
//! nothing allocated.

use std::time::Duration;

use super::Counter;

/// The methods that are told apart; whatever else somebody sends is the last.
pub const METHODS: [&str; 4] = ["GET", "HEAD", "POST", "other"];
/// The classes of status codes.
pub const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// The upper bounds of the buckets of latencies, in microseconds: a guarded page is at the lower end, a password hash
/// in the middle, a queue of them at the upper.
pub const BUCKETS: [u64; 13] = [
    100, 500, 1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000,
];

/// What is counted of the requests for one route.
#[derive(Debug, Default)]
pub struct RouteMeasures {
    requests: [[Counter; CLASSES.len()]; METHODS.len()],
    /// Each for itself; the last is of what took longer than all bounds.
    buckets: [Counter; BUCKETS.len() + 1],
    micros: Counter,
}

impl RouteMeasures {
    /// A request was answered with this status, after this time.
    pub fn note(&self, method: &str, status: u16, took: Duration) {
        let method = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len() - 1);
        let class = usize::from(status / 100).saturating_sub(1).min(CLASSES.len() - 1);
        if let Some(counter) = self.requests.get(method).and_then(|classes| classes.get(class)) {
            counter.add();
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.iter().position(|bound| micros <= *bound).unwrap_or(BUCKETS.len());
        if let Some(counter) = self.buckets.get(bucket) {
            counter.add();
        }
        self.micros.add_some(micros);
    }

    /// How many requests there were, by method and class of status; only what there was.
    pub fn requests(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let of = |(method, classes): (&'static str, &[Counter; CLASSES.len()])| {
            let counts: Vec<_> =
                CLASSES.iter().zip(classes).map(|(class, counter)| (method, *class, counter.get())).collect();
            counts
        };
        METHODS.into_iter().zip(&self.requests).flat_map(of).filter(|(_, _, count)| *count > 0)
    }

    /// How many took how long: up to each bound in seconds, and above all of them.
    pub fn latencies(&self) -> Vec<(f64, u64)> {
        let bounds = BUCKETS.iter().map(|bound| *bound as f64 / 1e6).chain([f64::INFINITY]);
        bounds.zip(self.buckets.iter().map(Counter::get)).collect()
    }

    /// How long all of them took together, in seconds.
    pub fn seconds(&self) -> f64 {
        self.micros.get() as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_by_method_class_and_time_whatever_it_is() {
        let route = RouteMeasures::default();

        route.note("GET", 200, Duration::from_micros(100));
        route.note("BREW", 418, Duration::from_millis(3));
        route.note("GET", 999, Duration::from_secs(60));
        route.note("GET", 7, Duration::ZERO);

        let counted: Vec<_> = route.requests().collect();
        assert_eq!(counted, [("GET", "1xx", 1), ("GET", "2xx", 1), ("GET", "5xx", 1), ("other", "4xx", 1)]);
        let latencies = route.latencies();
        assert_eq!((latencies[0], latencies[3]), ((0.0001, 2), (0.005, 1)));
        assert_eq!(latencies.last(), Some(&(f64::INFINITY, 1)));
        assert!((route.seconds() - 60.0031).abs() < 1e-9);
    }
}
