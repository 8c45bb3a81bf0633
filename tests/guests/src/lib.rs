//! Guests that do what a good one never does, one behaviour each.
//!
//! One component serves all of them: its behaviour stands in its data as text,
//! and the tests write another in its place. That gives many guests, each with
//! a digest of its own, for the price of one build.

#![cfg_attr(not(target_family = "wasm"), allow(unused))]

#[cfg(target_family = "wasm")]
mod asking;
#[cfg(target_family = "wasm")]
mod behaviour;
#[cfg(target_family = "wasm")]
mod component;
#[cfg(target_family = "wasm")]
mod hunt;
