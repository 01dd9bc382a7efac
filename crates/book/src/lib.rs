//! The documentation: its pages, what they link, and the book that is made of them. What pages must hold is in the tests.
#![forbid(unsafe_code)]

pub mod built;
pub mod links;
pub mod page;
pub mod stage;
