//! Searches everything that a guest can read for the key.

#![allow(unsafe_code, reason = "it reads all of its own memory")]

use std::arch::wasm32::memory_size;

use super::asking::option;

/// The compiler places no data below this address.
const FIRST: usize = 1024;
const PAGE: usize = 65_536;

/// How often the key was found. The options contain it reversed, so that the search
/// does not put it into the searched memory. `control` is a text that must be found.
pub(crate) fn hunt(echoed: &[u8], options: &str) -> String {
    let backwards = option(options, "backwards").into_bytes();
    let control: Vec<u8> = option(options, "control").bytes().rev().collect();
    let environment = format!("{:?}{:?}", std::env::vars(), std::env::args());
    let (memory, known) = (in_memory(&backwards), in_memory(&control));
    format!(
        "hunted: memory={memory} environment={} echo={} masked={} control={}",
        count(environment.as_bytes(), &backwards),
        count(echoed, &backwards),
        echoed.split(|byte| *byte == b'*').count() > 1,
        known > 0,
    )
}

fn in_memory(backwards: &[u8]) -> usize {
    let end = memory_size(0) * PAGE - backwards.len();
    (FIRST..end)
        .filter(|begin| {
            let mut letters = backwards.iter().rev().enumerate();
            // All of linear memory is readable, and no other thread writes to it.
            letters.all(|(n, letter)| unsafe {
                std::ptr::read_volatile((begin + n) as *const u8) == *letter
            })
        })
        .count()
}

fn count(text: &[u8], backwards: &[u8]) -> usize {
    let forwards = |window: &&[u8]| window.iter().rev().eq(backwards);
    text.windows(backwards.len()).filter(forwards).count()
}
