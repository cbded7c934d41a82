//! How long to wait before the next attempt.

use std::time::Duration;

/// The pause after `failures_in_a_row`, which doubles from `first` to `longest`.
///
/// Half of the pause is random, so that processes do not ask in step.
#[must_use]
pub fn pause(failures_in_a_row: u32, first: Duration, longest: Duration) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(failures_in_a_row.saturating_sub(1)));
    let half = doubled.min(longest) / 2;
    // Without random bytes, the pause has its full length.
    let mut random = [u8::MAX];
    aws_lc_rs::rand::fill(&mut random).ok();
    half + half * u32::from(random[0]) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_limit() {
        let [first, longest] = [50, 10_000].map(Duration::from_millis);
        for (failures, full) in [(1, first), (2, 2 * first), (4, 8 * first), (40, longest), (u32::MAX, longest)] {
            let pause = pause(failures, first, longest);
            assert!(pause >= full / 2 && pause <= full, "{failures}: {pause:?}");
        }
    }
}
