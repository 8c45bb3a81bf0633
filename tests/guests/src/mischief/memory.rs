//! Excessive use of memory.

use std::hint::black_box;

pub(crate) fn hoard() -> ! {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(vec![1; 1 << 20]);
        black_box(&hoard);
    }
}

/// Allocates this much and frees it.
pub(crate) fn hold(bytes: usize) {
    black_box(vec![1_u8; bytes]);
}
