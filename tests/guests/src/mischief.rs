//! The kinds of misbehaviour, by target.

pub(crate) mod alibi;
pub(crate) mod answers;
pub(crate) mod asking;
pub(crate) mod curiosity;
pub(crate) mod families;
pub(crate) mod handles;
pub(crate) mod holding;
pub(crate) mod hunt;
pub(crate) mod manifest;
pub(crate) mod memory;
pub(crate) mod network;
pub(crate) mod noise;
pub(crate) mod processor;
pub(crate) mod random;
pub(crate) mod report;
pub(crate) mod sockets;
pub(crate) mod state;
pub(crate) mod swapped;
