//! Percentiles of measured values.

/// Measured values of one kind.
#[derive(Default)]
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    pub(crate) fn median(&self) -> f64 {
        self.percentile(50.0)
    }

    /// The nearest-rank percentile.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (percent / 100.0 * float(sorted.len() as u64)).ceil().max(1.0);
        let place = sorted.iter().enumerate().find(|(place, _)| float(*place as u64 + 1) >= rank);
        place.map_or(f64::NAN, |(_, value)| *value)
    }

    pub(crate) fn line(&self, unit: &str) -> String {
        let [low, mid, high] = [0.0, 50.0, 99.0].map(|percent| self.percentile(percent));
        format!("n={} min {low:.3} p50 {mid:.3} p99 {high:.3} {unit}", self.0.len())
    }
}

/// A count as a number to divide; exact below 2^53.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}
