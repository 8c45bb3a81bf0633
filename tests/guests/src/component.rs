//! The exports, good and bad.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "the bindings are generated"
)]

use std::time::Duration;

use bindings::exports::nbu::collector::collector::*;

use crate::behaviour::{at, written};
use crate::mischief::swapped::{self, number};
use crate::mischief::{answers, holding, manifest, processor, random, report};

pub(crate) mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/v0.1",
        world: "guest",
        with: {
            "wasi:clocks/monotonic-clock@0.2.12": wasip2::clocks::monotonic_clock,
            "wasi:http/outgoing-handler@0.2.12": wasip2::http::outgoing_handler,
            "wasi:http/types@0.2.12": wasip2::http::types,
            "wasi:io/error@0.2.12": wasip2::io::error,
            "wasi:io/poll@0.2.12": wasip2::io::poll,
            "wasi:io/streams@0.2.12": wasip2::io::streams,
        },
    });
}

struct Component;

bindings::export!(Component with_types_in bindings);

impl Guest for Component {
    fn describe() -> Manifest {
        let (word, stamp) = written();
        match word.as_str() {
            "mute" => panic!("nothing to say"),
            "spin-describe" => processor::spin(),
            _ => {
                holding::hold(word.strip_prefix("describe-"), None);
                manifest::of(&word, stamp)
            }
        }
    }

    fn check(settings: Settings) -> Vec<Problem> {
        let (word, stamp) = at(&settings.base_url);
        match word.as_str() {
            "random" => random::problems(stamp),
            "spin-check" => processor::spin(),
            "trap-check" => panic!("checked out"),
            "dawdle-check" => {
                std::thread::sleep(Duration::from_millis(400));
                Vec::new()
            }
            "picky" => answers::picky(1),
            "picky-flood" => answers::picky(100_000),
            _ => {
                holding::hold(word.strip_prefix("check-"), None);
                swapped::check(&word, &settings)
            }
        }
    }

    fn probe(settings: Settings, _: Option<String>) -> Result<ProbeAnswer, Failure> {
        let word = at(&settings.base_url).0;
        match word.as_str() {
            _ if number(&word).0 == "random" => random::probe(number(&word).1),
            "spin-probe" => processor::spin(),
            "trap-probe" => panic!("probed too deep"),
            "novel" => answers::novel(),
            "controls" => answers::controls(),
            _ => Ok(ProbeAnswer {
                api_version: "14.0".to_owned(),
                server_time: None,
            }),
        }
    }

    fn collect(settings: Settings, window: Window, state: Vec<Saved>) -> Report {
        let (word, stamp) = at(&settings.base_url);
        report::collect(&word, stamp, settings, window, state)
    }
}
