//! A program without CEL: no expression compiles.

use super::CelError;

/// No expression.
#[derive(Debug)]
pub(crate) enum Program {}

/// Refuses every expression.
///
/// # Errors
/// Always.
pub(crate) fn compile(_text: &str) -> Result<Program, CelError> {
    Err(CelError::Compile("this program was built without CEL".to_owned()))
}

/// There is nothing to ask.
///
/// # Errors
/// Never, as there is no [`Program`].
pub(crate) fn matches(program: &Program, _body: &serde_json::Value) -> Result<bool, CelError> {
    match *program {}
}
