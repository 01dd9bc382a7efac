//! A canvas of dots: each letter of a terminal has two across and four down.

/// Dots by their place in a letter, as Unicode counts them.
const DOTS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Lines are drawn from dot to dot; a letter has the color of who came last.
pub(super) struct Braille {
    columns: usize,
    rows: usize,
    letters: Vec<(u32, Option<usize>)>,
}

impl Braille {
    /// Of so many letters.
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            rows,
            letters: vec![(0, None); columns * rows],
        }
    }

    pub(super) fn dot(&mut self, x: i64, y: i64, color: usize) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        let (column, row) = (x / 2, y / 4);
        if column < self.columns && row < self.rows {
            let letter = &mut self.letters[row * self.columns + column];
            letter.0 |= DOTS[y % 4][x % 2];
            letter.1 = Some(color);
        }
    }

    /// Every dot on the way.
    pub(super) fn line(&mut self, from: (i64, i64), to: (i64, i64), color: usize) {
        let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).clamp(1, 100_000);
        for step in 0..=steps {
            let along = |a: i64, b: i64| a + ((b - a) as f64 * step as f64 / steps as f64).round() as i64;
            self.dot(along(from.0, to.0), along(from.1, to.1), color);
        }
    }

    /// Letters with their colors, row by row.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = (char, Option<usize>)> {
        let letters = self.letters.chunks(self.columns.max(1)).nth(row).unwrap_or_default();
        letters.iter().map(|(dots, color)| match dots {
            0 => (' ', None),
            dots => (char::from_u32(0x2800 + dots).unwrap_or(' '), *color),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_become_letters() {
        let mut canvas = Braille::new(2, 1);
        canvas.line((0, 3), (3, 0), 7);
        canvas.dot(9, 9, 0);
        canvas.dot(-1, 0, 0);
        let letters: Vec<_> = canvas.row(0).collect();
        assert_eq!(letters, [('⡠', Some(7)), ('⠊', Some(7))]);
    }
}
