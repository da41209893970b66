//! The form in which figures are written: families of a name, a kind, a line of help and rows.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// What tells the rows of a family apart; each is one of a few words of ours, never what somebody sent.
pub(super) type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Counts of requests by how long they took, and how long all took together.
pub(super) struct Latencies {
    pub(super) buckets: Vec<(f64, u64)>,
    pub(super) seconds: f64,
}

/// Where the families are written.
pub(super) struct Sheet<'a>(pub(super) DescriptorEncoder<'a>);

impl Sheet<'_> {
    /// A number that goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let gauge = ConstGauge::new(value);
        gauge.encode(self.family(name, help, MetricType::Gauge)?)
    }

    /// A number that may not be known: then it is left out.
    pub(super) fn gauge_if(&mut self, name: &str, help: &str, value: Option<f64>) -> fmt::Result {
        value.map_or(Ok(()), |value| self.gauge(name, help, value))
    }

    /// Such numbers, told apart.
    pub(super) fn gauges<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (Labels<N>, f64)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Gauge)?;
        rows.into_iter().try_for_each(|(labels, value)| family.encode_family(&labels)?.encode_gauge(&value))
    }

    /// A number that only grows. Its `_total` is added to the name.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let counter = ConstCounter::new(value);
        counter.encode(self.family(name, help, MetricType::Counter)?)
    }

    /// Such numbers, told apart.
    pub(super) fn counters<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (Labels<N>, f64)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Counter)?;
        rows.into_iter().try_for_each(|(labels, value)| {
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, f64, f64>(&value, None)
        })
    }

    /// Latencies, told apart.
    pub(super) fn histograms<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (Labels<N>, Latencies)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Histogram)?;
        rows.into_iter().try_for_each(|(labels, row)| {
            // Of the buckets, so that both agree whatever is counted meanwhile.
            let count = row.buckets.iter().map(|(_, count)| count).sum();
            let mut family = family.encode_family(&labels)?;
            family.encode_histogram::<NoLabelSet>(row.seconds, count, &row.buckets, None)
        })
    }

    fn family<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, None, kind)
    }
}
