//! A dashboard as HTML: asks what its panels ask, and draws the answers.

mod alerts;
mod asker;
mod bands;
mod chart;
mod gauges;
mod heat;
mod html;
mod layout;
mod legend;
mod links;
mod panel;
mod pointer;
mod sections;
mod stat;
mod states;
mod table;
mod text;
mod view;

pub use asker::Asker;
pub use html::{color_classes, escaped};
pub use links::allowed;
pub use sections::{Content, Ready, draw, draw_panel, undrawn};
pub use view::{Request, View};
