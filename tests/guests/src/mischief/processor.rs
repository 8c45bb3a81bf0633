//! Time without end.

use std::hint::black_box;
use std::time::Duration;

/// Keeps a processor busy.
pub(crate) fn spin() -> ! {
    let mut n = 0_u64;
    loop {
        n = black_box(n.wrapping_add(1));
    }
}

/// Endless, in a way that the compiler cannot make a loop of.
pub(crate) fn recurse(n: u64) -> u64 {
    let room = black_box([n; 64]);
    recurse(n + 1) + room[0]
}

/// Waits inside the host instead of keeping a processor busy.
pub(crate) fn sleep() {
    std::thread::sleep(Duration::from_secs(3600));
}

/// Waits in the host again and again, a moment each time.
pub(crate) fn naps() -> ! {
    loop {
        std::thread::sleep(Duration::from_millis(1));
    }
}
