//! How large panels are: a grid of 24 columns, or two on a phone.

use crate::{charts::Size, model::GridPos};

/// Narrower screens are phones'; the style sheet has the same number.
pub(super) const PHONE: u32 = 700;
/// Between panels, in pixels.
const GAP: f64 = 8.0;
/// Of a row of the grid, in pixels.
const ROW: f64 = 28.0;
/// Inside of a panel, at both sides together.
const PADDING: f64 = 20.0;
/// Title, padding and edges.
const HEAD: f64 = 40.0;

/// Whether two of them stand beside each other on a phone: a figure has room there, a chart with its axes has not.
fn is_small(kind: &str, place: GridPos) -> bool {
    place.w <= 6 && matches!(kind, "stat" | "singlestat" | "gauge")
}

/// Of what is inside of a panel, in pixels.
pub(super) fn inside(kind: &str, place: GridPos, screen: u32) -> Size {
    let all = f64::from(screen.clamp(300, 4000));
    let width = if screen < PHONE {
        let page = all - 16.0;
        if is_small(kind, place) {
            (page - GAP) / 2.0
        } else {
            page
        }
    } else {
        let column = (all - 32.0 - 23.0 * GAP) / 24.0;
        let columns = f64::from(place.w.clamp(1, 24));
        column * columns + GAP * (columns - 1.0)
    };
    let rows = f64::from(place.h.clamp(2, 60));
    Size {
        width: (width - PADDING).max(40.0) as u32,
        height: (rows * ROW + (rows - 1.0) * GAP - HEAD).max(20.0) as u32,
    }
}

/// Many things inside of a panel: how many are beside each other, and how large each is, so that what is `shape` times as
/// wide as high gets as large as it can; none is narrower than `least` where it need not be.
pub(super) fn many(count: usize, inside: Size, shape: f64, least: f64) -> (u32, Size) {
    let count = u32::try_from(count).unwrap_or(u32::MAX).max(1);
    let size = |across: u32| Size {
        width: (inside.width / across).saturating_sub(6).max(20),
        height: (inside.height / count.div_ceil(across)).saturating_sub(4).max(20),
    };
    let fits = |across: u32| {
        let Size { width, height } = size(across);
        (f64::from(width) / shape).min(f64::from(height))
    };
    let wide = |across: &u32| *across == 1 || f64::from(size(*across).width) >= least;
    let across = (1..=count.min(12))
        .filter(wide)
        .max_by(|a, b| fits(*a).total_cmp(&fits(*b)).then(b.cmp(a)));
    let across = across.unwrap_or(1);
    (across, size(across))
}

/// The classes that put a panel there; `top` is where its section begins.
pub(super) fn classes(kind: &str, place: GridPos, top: u32) -> String {
    let small = if is_small(kind, place) { "small " } else { "" };
    format!(
        "{small}w-{} x-{} h-{} y-{}",
        place.w.clamp(1, 24),
        place.x.min(23),
        place.h.clamp(2, 60),
        place.y.saturating_sub(top)
    )
}
