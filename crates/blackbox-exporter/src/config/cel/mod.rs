//! Expressions in CEL on JSON bodies, behind the feature `cel`: its parser is a large part of the program.
//!
//! Upstream checks types at load. Here names are checked at load, and types when the expression meets a body.

#[cfg(feature = "cel")]
mod language;
#[cfg(not(feature = "cel"))]
mod left_out;

#[cfg(feature = "cel")]
pub(crate) use language::{compile, matches};
#[cfg(not(feature = "cel"))]
pub(crate) use left_out::{Program, compile, matches};

/// Why an expression cannot be used, or has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(not(feature = "cel"), allow(dead_code, reason = "only the feature tells them apart"))]
pub(crate) enum CelError {
    /// It is no expression, or names what there is not.
    #[error("could not compile: {0}")]
    Compile(String),
    /// It has no value for this body.
    #[error("error evaluating CEL expression: {0}")]
    Evaluate(String),
    /// Its value is neither true nor false.
    #[error("CEL evaluation result is not a boolean")]
    NotBoolean,
}
