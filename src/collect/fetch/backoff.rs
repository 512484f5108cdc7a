//! When to ask again. Randomness is an argument, from 0 to below 1.

use std::time::Duration;

/// Longest wait after failures, unless the host itself asks for more.
pub const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Doublings after which the wait no longer grows.
const MAX_DOUBLINGS: u32 = 10;
/// Share of the interval by which a poll may come later, so that sources that began together drift apart.
const JITTER: f64 = 0.1;

/// The wait until a source is asked again that was last answered well: `every`, and up to a tenth more.
pub fn usual(every: Duration, random: f64) -> Duration {
    every.mul_f64(1.0 + JITTER * random.clamp(0.0, 1.0))
}

/// The wait after `failures` in a row (at least one): doubled with each, of which the later half is random, at most
/// [`LONGEST`], never less than `every`, and never less than the host asked for.
pub fn after(failures: u32, every: Duration, asked: Option<Duration>, random: f64) -> Duration {
    let doubled = every.saturating_mul(1 << failures.min(MAX_DOUBLINGS)).min(LONGEST.max(every));
    let half = doubled / 2;
    let wait = half + half.mul_f64(random.clamp(0.0, 1.0));
    // Hosts that ask many at once for the same rest are not all asked at its end.
    let asked = asked.map_or(Duration::ZERO, |rest| usual(rest, random));
    wait.max(every).max(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn waits_grow_up_to_a_bound_and_are_spread() {
        let waits: Vec<u64> = (1..8).map(|n| after(n, MINUTE, None, 0.5).as_secs()).collect();
        assert_eq!(waits, [90, 180, 360, 675, 675, 675, 675]);
        assert!(after(3, MINUTE, None, 0.0) < after(3, MINUTE, None, 0.9));
        assert!(after(u32::MAX, Duration::MAX / 4, None, 1.0) >= Duration::MAX / 4);
        assert_eq!(usual(MINUTE, 0.5), Duration::from_secs(63));
    }

    #[test]
    fn what_a_host_asks_for_is_kept() {
        let hour = Duration::from_secs(3600);
        assert_eq!(after(1, MINUTE, Some(hour), 0.0), hour);
        assert!(after(1, MINUTE, Some(Duration::from_secs(1)), 0.0) >= MINUTE);
    }
}
