//! From the bytes of a component to linked code.

use bytes::Bytes;
use tokio::sync::watch;
use wasmtime::component::Component;

use super::compiler::CompileCost;
use super::engine::Engine;
use super::error::one_line;
use super::linked::LinkedGuest;
use super::{ComponentLimits, LoadError};

/// Linked code, the names of its imports, and what compiling took now.
pub(super) struct Compiled {
    pub(super) linked: LinkedGuest,
    pub(super) imports: Vec<String>,
    /// `None` if the code was cached.
    pub(super) cost: Option<CompileCost>,
}

impl Engine {
    /// Whether guests can be compiled. Changes once, when the compiler process exits.
    pub fn compiler_up(&self) -> watch::Receiver<bool> {
        self.compiler.up()
    }

    /// Validates, compiles and links a component.
    pub(super) async fn compile(
        &self,
        bytes: Bytes,
        limits: ComponentLimits,
    ) -> Result<Compiled, LoadError> {
        if let Some(component) = self.carried(&bytes) {
            return self.linked(&component, None);
        }
        let compiled = self
            .compiler
            .compile(self.wasmtime(), bytes.clone(), limits);
        let (component, cost) = compiled.await?;
        self.linked(&self.keep_if_carried(&bytes, component), Some(cost))
    }

    fn linked(
        &self,
        component: &Component,
        cost: Option<CompileCost>,
    ) -> Result<Compiled, LoadError> {
        let kind = component.component_type();
        let imports = kind
            .imports(self.wasmtime())
            .map(|(name, _)| name.to_owned())
            .collect();
        let linked = self
            .link(component)
            // The names fit, so a type of the same version differs.
            .map_err(|error| LoadError::other_contract(&one_line(&error)))?;
        Ok(Compiled {
            linked,
            imports,
            cost,
        })
    }
}
