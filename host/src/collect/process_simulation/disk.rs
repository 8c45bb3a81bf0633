//! A disk with random faults from a seed.

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex};

use rustix::io::Errno;

use crate::file::{DiskCall, FaultInjector};

const ERRORS: [Errno; 5] = [
    Errno::IO,
    Errno::MFILE,
    Errno::NOSPC,
    Errno::STALE,
    Errno::NOMEM,
];

#[derive(Debug)]
pub(super) struct Unreliable(Mutex<FaultState>);

#[derive(Debug)]
struct FaultState {
    random: fastrand::Rng,
    /// One of this many calls fails; `None` on a working disk.
    one_in: Option<u32>,
}

impl Unreliable {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        let random = fastrand::Rng::with_seed(seed);
        let one_in = None;
        Arc::new(Self(Mutex::new(FaultState { random, one_in })))
    }

    pub(super) fn fail_one_in(&self, calls: u32) {
        self.0.lock().unwrap().one_in = Some(calls);
    }

    pub(super) fn heal(&self) {
        self.0.lock().unwrap().one_in = None;
    }
}

impl FaultInjector for Unreliable {
    fn before(&self, call: DiskCall<'_>) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let Some(one_in) = state.one_in else {
            return Ok(());
        };
        if state.random.u32(..one_in) > 0 {
            return Ok(());
        }
        if let DiskCall::Write(mut file, bytes) = call {
            let short = state.random.usize(..=bytes.len());
            file.write_all(&bytes[..short]).unwrap();
        }
        let error = state.random.choice(ERRORS).unwrap();
        Err(error.into())
    }
}
