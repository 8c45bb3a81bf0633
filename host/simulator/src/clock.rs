//! The time: real, set by hand, or faster than real.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// The time in an estate. Clones of a clock that is not the system's
/// move together.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's own time.
    #[default]
    System,
    /// A time that is frozen, or runs at a speed of its own, until it is
    /// set. Created by [`Clock::manual`] and [`Clock::running`].
    Simulated(Arc<SimulatedTime>),
}

/// A time of its own, to the millisecond.
#[derive(Debug)]
pub struct SimulatedTime(Mutex<Reading>);

/// The time at a moment, and the speed since.
#[derive(Clone, Copy, Debug)]
struct Reading {
    /// Since the Unix epoch.
    milliseconds: i64,
    at: Instant,
    /// Simulated seconds in a second; 0 is frozen.
    speed: f64,
}

impl Clock {
    /// A clock that shows `start` until it is moved.
    pub fn manual(start: Timestamp) -> Self {
        Self::running(start, 0.0)
    }

    /// A clock that shows `start` and advances by `speed` simulated seconds each second.
    pub fn running(start: Timestamp, speed: f64) -> Self {
        Self::Simulated(Arc::new(SimulatedTime(Mutex::new(Reading {
            milliseconds: start.as_millisecond(),
            at: Instant::now(),
            speed,
        }))))
    }

    /// The time now, to the millisecond.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Simulated(time) => stamp(time.reading().now()),
        }
    }

    /// Moves the clock forward. This and the other changes have no effect on the system's
    /// clock.
    pub fn advance(&self, by: Duration) {
        self.jump(SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX));
    }

    /// Moves the clock, forward or back.
    pub fn jump(&self, by: SignedDuration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.update(|reading| reading.milliseconds = reading.milliseconds.saturating_add(by));
    }

    /// Shows another time from now on.
    pub fn set(&self, to: Timestamp) {
        self.update(|reading| reading.milliseconds = to.as_millisecond());
    }

    /// Advances at another speed, in seconds a second.
    pub fn run(&self, speed: f64) {
        self.update(|reading| reading.speed = speed);
    }

    /// Freezes the time; [`run`](Self::run) continues from there.
    pub fn freeze(&self) {
        self.run(0.0);
    }

    fn update(&self, change: impl FnOnce(&mut Reading)) {
        if let Self::Simulated(time) = self {
            let mut reading = time.reading();
            reading.milliseconds = reading.now();
            reading.at = Instant::now();
            change(&mut reading);
        }
    }
}

impl SimulatedTime {
    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading {
    fn now(&self) -> i64 {
        let gone = self.at.elapsed().as_secs_f64() * 1000.0 * self.speed;
        self.milliseconds.saturating_add(gone as i64)
    }
}

fn stamp(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_manual_clock_move_together() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        clock.clone().advance(Duration::from_secs(90));
        assert_eq!(clock.now().as_second(), 90);
        clock.jump(SignedDuration::from_secs(-30));
        assert_eq!(clock.now().as_second(), 60);
    }

    #[test]
    fn a_running_clock_is_faster_than_real_time_until_it_is_frozen() {
        let clock = Clock::running(Timestamp::UNIX_EPOCH, 1e9);
        while clock.now().as_second() < 86_400 {
            std::thread::yield_now();
        }
        clock.freeze();
        let frozen = clock.now();
        assert!(frozen.as_second() >= 86_400);
        std::thread::yield_now();
        assert_eq!(clock.now(), frozen);
        clock.set(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
    }
}
