//! Excessive use of time.

use std::hint::black_box;
use std::time::Duration;

/// Keeps a processor busy.
pub(crate) fn spin() -> ! {
    let mut n = 0_u64;
    loop {
        n = black_box(n.wrapping_add(1));
    }
}

/// Endless recursion that the compiler cannot turn into a loop.
pub(crate) fn recurse(n: u64) -> u64 {
    let room = black_box([n; 64]);
    recurse(n + 1) + room[0]
}

/// Waits inside the host instead of keeping a processor busy.
pub(crate) fn sleep() {
    std::thread::sleep(Duration::from_secs(3600));
}

/// Repeatedly waits in the host for a short time.
pub(crate) fn naps() -> ! {
    loop {
        std::thread::sleep(Duration::from_millis(1));
    }
}
