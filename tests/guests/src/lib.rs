//! Misbehaving guests of contract 0.1, one behaviour each. Containment is the same for
//! every contract.
//!
//! One component serves all tests. Its behaviour is text in its data, which the tests
//! overwrite. So one build gives many guests, each with its own digest. With
//! `by-site`, each site gets the behaviour that its base path names.

#![cfg_attr(not(target_family = "wasm"), allow(unused))]

#[cfg(target_family = "wasm")]
mod behaviour;
#[cfg(target_family = "wasm")]
mod component;
#[cfg(target_family = "wasm")]
mod mischief;
