//! The engine of hosts that run inside this process.

use std::sync::{Arc, OnceLock};

use nbu_exporter::guest::{CompilerProcess, Engine};

use crate::Program;

/// One engine for all tests of a process. The built program compiles for it, since
/// this process runs another file.
pub fn engine() -> Arc<Engine> {
    static ENGINE: OnceLock<Arc<Engine>> = OnceLock::new();
    let start = || {
        let program = Program::path("nbu_exporter");
        let compiler = CompilerProcess::from_executable(&program).expect("the compiler starts");
        Engine::new(compiler).expect("this machine runs guests")
    };
    Arc::clone(ENGINE.get_or_init(start))
}
