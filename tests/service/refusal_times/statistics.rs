//! Whether two samples differ, by ranks and medians: times have no bell curve, and a busy machine makes outliers.

/// What the two-sided test of Mann and Whitney says of two samples.
#[derive(Clone, Copy, Debug)]
pub struct Ranks {
    /// How probable it is that a value of the first is greater than one of the second; 0.5 tells them apart not at all.
    pub superiority: f64,
    /// How probable a `superiority` at least this far from 0.5 would be if both were drawn from the same values.
    pub p: f64,
}

/// By the normal approximation, with the correction for ties.
pub fn mann_whitney(first: &[f64], second: &[f64]) -> Ranks {
    let mut all: Vec<_> = first.iter().map(|value| (*value, true)).collect();
    all.extend(second.iter().map(|value| (*value, false)));
    all.sort_by(|one, other| one.0.total_cmp(&other.0));

    let (mut rank_sum, mut tied, mut below) = (0.0, 0.0, 0.0);
    for equal in all.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        let (count, of_first) = (float(equal.len()), float(equal.iter().filter(|(_, is_first)| *is_first).count()));
        rank_sum += of_first * (below + f64::midpoint(count, 1.0));
        tied += count.powi(3) - count;
        below += count;
    }
    let (m, n, total) = (float(first.len()), float(second.len()), float(all.len()));
    let u = rank_sum - m * (m + 1.0) / 2.0;
    let variance = m * n / 12.0 * (total + 1.0 - tied / (total * (total - 1.0)));
    let z = (u - m * n / 2.0) / variance.sqrt();
    Ranks { superiority: u / (m * n), p: two_sided(z) }
}

/// A median with the bounds of its 95 % confidence interval.
#[derive(Clone, Copy, Debug)]
pub struct Median {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// The bounds are the values at the ranks that the binomial distribution gives (its normal approximation).
pub fn median(values: &[f64]) -> Median {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half_width = 1.96 * float(sorted.len()).sqrt() / 2.0;
    let middle = float(sorted.len() - 1) / 2.0;
    let at = |rank: f64| sorted[whole(rank.clamp(0.0, float(sorted.len() - 1)))];
    Median {
        value: f64::midpoint(at(middle.floor()), at(middle.ceil())),
        low: at((middle - half_width).floor()),
        high: at((middle + half_width).ceil()),
    }
}

/// How many requests of each of two kinds somebody needs who wants to tell them apart in 95 of 100 cases, and to be
/// wrong in 5 of 100 when they do not differ (Noether's formula for the test of Mann and Whitney, 1987).
pub fn requests_to_tell_apart(superiority: f64) -> f64 {
    (1.96_f64 + 1.645).powi(2) / (6.0 * (superiority - 0.5).powi(2))
}

/// The probability that a normal variable is at least as far from its mean as `z` standard deviations.
///
/// Abramowitz and Stegun, 7.1.26, wrong by at most 1.5e-7.
fn two_sided(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let factors = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    factors.iter().fold(0.0, |sum, factor| (sum + factor) * t) * (-x * x).exp()
}

#[allow(clippy::cast_precision_loss, reason = "samples are far smaller than 2^52")]
fn float(count: usize) -> f64 {
    count as f64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank is whole and within its sample")]
fn whole(rank: f64) -> usize {
    rank as usize
}

#[test]
fn the_statistics_are_those_of_samples_worked_out_by_hand() {
    let is_about = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-3, "{value}, not {expected}");

    // U = 0 of 9, z = -4.5 / sqrt(9 * 7 / 12).
    let apart = mann_whitney(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]);
    is_about(apart.superiority, 0.0);
    is_about(apart.p, 0.0495);

    // Ranks 1, 3 and 5 against 3, 3 and 6: U = 3, and three ties take 24 / 30 from the 7 in the variance.
    let tied = mann_whitney(&[1.0, 2.0, 3.0], &[2.0, 2.0, 4.0]);
    is_about(tied.superiority, 3.0 / 9.0);
    is_about(tied.p, 0.4867);

    let alike = mann_whitney(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 3.0, 4.0]);
    is_about(alike.superiority, 0.5);
    is_about(alike.p, 1.0);

    let hundred: Vec<_> = (1..=100).map(f64::from).collect();
    let Median { value, low, high } = median(&hundred);
    is_about(value, 50.5);
    is_about(low, 40.0);
    is_about(high, 61.0);
}
