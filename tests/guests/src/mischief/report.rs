//! One collection with the selected misbehaviour.

use super::swapped::{self, Counted};
use super::{
    alibi, asking, curiosity, families, handles, holding, memory, network, noise, processor,
    random, sockets, state,
};
use crate::component::bindings::exports::nbu::collector::collector::{
    Failure, Outcome, Reason, Report, Saved, Settings, Window,
};

pub(crate) fn collect(
    word: &str,
    stamp: u32,
    settings: Settings,
    window: Window,
    saved: Vec<Saved>,
) -> Report {
    // `random`, or with a seed of its own: `random-7`.
    if let ("random", seed) = swapped::number(word) {
        return random::report(seed + stamp, &settings, &saved);
    }
    let refusal = act(word, &settings, &window, &saved);
    swapped::waste(word);
    let outcome = |collector: String| {
        let counted = Counted::from(&saved, &collector, stamp);
        let failures = refusal.iter().map(|why| denied(why));
        let shown = match word {
            "counts-restarts" => 1 + u32::from(window.resumed.contains(&collector)),
            _ => counted.shown(word),
        };
        let turned = counted.turn(word, &settings).map(failure);
        Outcome {
            families: families::of(word, &collector, stamp, shown),
            failures: failures.chain(turned).collect(),
            // It counts its failures only.
            state: (word != "spoils" || refusal.is_some())
                .then(|| state::of(word, &collector, counted.save(&collector, stamp))),
            collector,
        }
    };
    let selected = settings.collectors.iter().map(|it| it.name.clone());
    let mut outcomes: Vec<_> = selected.map(outcome).collect();
    match word {
        "liar" => {
            outcomes.reverse();
            outcomes.push(outcome("uninvited".to_owned()));
        }
        "failures" => {
            for one in &mut outcomes {
                one.failures = vec![denied(&"why ".repeat(100)); 10_000];
            }
        }
        _ => {}
    }
    let api_version = match word {
        "novel" => "14.0 ".repeat(100_000),
        _ => "14.0".to_owned(),
    };
    Report {
        api_version: Some(api_version),
        outcomes,
    }
}

/// Performs it and returns the error.
fn act(word: &str, settings: &Settings, window: &Window, saved: &[Saved]) -> Option<String> {
    match word {
        "panic" => panic!("boom"),
        "spin" => processor::spin(),
        "naps" => processor::naps(),
        "sleep" => processor::sleep(),
        "recurse" => return Some(processor::recurse(1).to_string()),
        "hoard" => memory::hoard(),
        "hold" => memory::hold(8 << 20),
        "timers" => handles::timers(),
        "requests" => handles::requests(),
        "written-requests" => handles::written(),
        "few-timers" => handles::few(100),
        "chatter" => noise::chatter(),
        "long-lines" => noise::long_lines(),
        "huge-line" => noise::huge_line(),
        "print" => noise::print(),
        "greet" => noise::greet(),
        "controls" => {
            noise::controls();
            return Some(noise::CONTROLS.to_owned());
        }
        "careless" => {
            let is_up = alibi::ask(settings, "/ping");
            alibi::ask(settings, "/admin/jobs");
            return (!is_up).then(|| "no ping".to_owned());
        }
        "spoils" => {
            let is_up = alibi::ask(settings, "/security/servertime");
            return (!is_up).then(|| "no time".to_owned());
        }
        "exit" => std::process::exit(3),
        "echo" => return Some(curiosity::echo(settings, window, saved)),
        "ask" => return Some(asking::all(settings)),
        "own-credential" => return network::own_credential(),
        "sockets" => return Some(sockets::all()),
        "wander" => return network::wander("127.0.0.1:9"),
        "userinfo" => {
            let authority = network::authority(settings);
            return network::wander(&format!("{authority}@127.0.0.1:9"));
        }
        _ => holding::hold(word.strip_prefix("hold-"), Some(settings)),
    }
    None
}

fn denied(why: &str) -> Failure {
    failure(Reason::Denied(why.to_owned()))
}

fn failure(reason: Reason) -> Failure {
    Failure {
        endpoint: "/elsewhere".to_owned(),
        reason,
        detail: None,
        request_id: None,
    }
}
