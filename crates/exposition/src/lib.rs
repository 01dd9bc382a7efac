//! Prometheus exposition: one [`Encoder`] that writes samples straight into a reused buffer in the format that the
//! scraper asked for, [`assemble`] that joins the buffers of several collectors into one sorted answer, and the
//! negotiation of format and compression. Pure: no I/O, nothing allocated for a sample.
//!
//! ```
//! use exposition::{Desc, Encoder, Format, Kind, assemble};
//!
//! const LOAD1: Desc<'_> = Desc::new("node_load1", "1m load average.", Kind::Gauge, &[]);
//! let mut encoder = Encoder::new(Format::Text004);
//! encoder.scalar(&LOAD1, 0.21);
//! let mut body = Vec::new();
//! assert!(assemble([&encoder], &mut body).is_empty());
//! assert_eq!(body, b"# HELP node_load1 1m load average.\n# TYPE node_load1 gauge\nnode_load1 0.21\n");
//! ```
#![forbid(unsafe_code)]

mod assemble;
mod bits;
mod block;
mod blocks;
mod compress;
mod deflate;
mod desc;
mod encoder;
mod escape;
mod format;
mod huffman;
mod labels;
mod negotiate;
mod number;
pub mod parse;
mod pieces;
mod protobuf;
mod remembered;
mod repeats;
mod search;
mod short;
mod sink;
mod text;
mod value;

pub use assemble::{Order, Reason, Rejected, assemble, assemble_again};
pub use block::LabelBlock;
pub use compress::Gzip;
pub use desc::{Desc, Kind};
pub use encoder::{Encoder, Family};
pub use format::{Escaping, Format};
pub use labels::Labels;
pub use negotiate::{Offer, accepts_gzip, negotiate};
pub use number::push_f64;
pub use value::{Bucket, Exemplar, Histogram, Quantile, Summary};
