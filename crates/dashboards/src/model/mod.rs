//! Grafana's classic dashboard JSON (schemaVersion 41). What it does not know it keeps by name, so that a panel can say so.

mod dashboard;
mod field;
mod lenient;
mod options;
mod panel;
mod templating;
mod unknown;

pub use dashboard::{Annotation, Annotations, Dashboard, Link, TimeRange};
pub use field::{
    Color, Custom, FieldConfig, FieldSource, Mapping, MappingResult, Matcher, Override, Property, Scale, SpanNulls,
    Stacking, Step, Thresholds, ThresholdsStyle,
};
pub use options::{HeatmapAxis, HeatmapColor, Legend, Options, ReduceOptions, SortColumn, TextSizes, Tooltip};
pub use panel::{GridPos, Panel, Target, Transformation};
pub use templating::{Choice, Current, Datasource, Query, Templating, Variable};
pub use unknown::unknown;
