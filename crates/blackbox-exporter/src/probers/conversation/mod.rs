//! `query_response`: what to say and to hear on a connection, in order. The machine knows no connection and is fuzzed;
//! `hold` takes it to one.

mod expand;
mod hold;
mod inbox;
mod machine;

pub(super) use expand::{expand, lossy};
pub(super) use hold::{Conversation, Terms, farewell};
