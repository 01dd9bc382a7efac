//! The straight line through measured points.

/// A line by least squares.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    /// How much y grows where x grows by one.
    pub(super) slope: f64,
    /// R²: 1 when every point lies on the line, 0 when the line tells no more than the mean.
    pub(super) straightness: f64,
}

impl Line {
    /// `None` unless there are two points with different x.
    pub(super) fn through(points: &[(f64, f64)]) -> Option<Self> {
        let count = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (mean_x, mean_y) = (mean(|point| point.0), mean(|point| point.1));
        let sum =
            |of: &dyn Fn(f64, f64) -> f64| -> f64 { points.iter().map(|(x, y)| of(x - mean_x, y - mean_y)).sum() };
        let (xx, xy, yy) = (sum(&|x, _| x * x), sum(&|x, y| x * y), sum(&|_, y| y * y));
        (xx > 0.0).then(|| Self {
            slope: xy / xx,
            // Points on a level are a straight line too.
            straightness: if yy > 0.0 { xy * xy / (xx * yy) } else { 1.0 },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn the_slope_is_by_least_squares_and_straightness_tells_how_well_it_fits() {
        for (points, slope, straightness) in [
            (&[(1.0, 5.0), (2.0, 7.0), (11.0, 25.0)][..], 2.0, 1.0),
            (&[(1.0, 3.0), (9.0, 3.0)], 0.0, 1.0),
            (&[(0.0, 0.0), (1.0, 3.0), (2.0, 0.0)], 0.0, 0.0),
            (&[(0.0, 0.0), (1.0, 2.0), (2.0, 2.0), (3.0, 4.0)], 1.2, 0.9),
        ] {
            let line = Line::through(points).unwrap();
            assert!((line.slope - slope).abs() < 1e-9, "{points:?}: {line:?}");
            assert!((line.straightness - straightness).abs() < 1e-9, "{points:?}: {line:?}");
        }
    }

    #[test]
    fn one_size_has_no_slope() {
        assert_eq!(Line::through(&[]), None);
        assert_eq!(Line::through(&[(1.0, 5.0), (1.0, 6.0)]), None);
    }
}
