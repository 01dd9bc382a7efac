//! Pictures of charts, with a font that comes along.

use std::sync::Arc;

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree, fontdb::Database},
};

use super::{Undrawable, canvas::undrawable};

/// So that lines are sharp on dense screens.
const ZOOM: f32 = 2.0;

/// A picture of a chart that is a file of its own.
///
/// # Errors
/// It cannot be drawn.
pub fn png(svg: &str) -> Result<Vec<u8>, Undrawable> {
    let mut fonts = Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    let options = Options {
        fontdb: Arc::new(fonts),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(undrawable)?;
    let size = tree.size().to_int_size().scale_by(ZOOM);
    let size = size.ok_or_else(|| undrawable("it has no size"))?;
    let mut picture = Pixmap::new(size.width(), size.height()).ok_or_else(|| undrawable("it is too large"))?;
    resvg::render(&tree, Transform::from_scale(ZOOM, ZOOM), &mut picture.as_mut());
    picture.encode_png().map_err(undrawable)
}
