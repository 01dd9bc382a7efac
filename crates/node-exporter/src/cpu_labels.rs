//! The `cpu` label. Labels sort as strings, "10" before "2", while the kernel's files go by number: the sorted order is
//! kept as long as the file has the same CPUs.

use exposition::{Desc, Encoder};

/// A family labelled `cpu`, and the value that it shows of a row.
pub(crate) type CpuColumn<T> = (Desc<'static>, fn(&T) -> f64);

/// The labels of the rows of one file.
#[derive(Debug, Default)]
pub(crate) struct CpuLabels {
    numbers: Vec<u32>,
    sorted: Vec<(String, usize)>,
}

impl CpuLabels {
    /// Takes the CPUs of the rows that are to be labelled; says whether they are others than before.
    pub(crate) fn update(&mut self, numbers: impl Iterator<Item = u32> + Clone) -> bool {
        if self.numbers.iter().copied().eq(numbers.clone()) {
            return false;
        }
        self.numbers.clear();
        self.numbers.extend(numbers);
        let labels = self.numbers.iter().map(ToString::to_string);
        self.sorted = labels.zip(0..).collect();
        self.sorted.sort_unstable();
        true
    }

    /// Writes a family for each column, of all rows.
    pub(crate) fn encode<T>(&self, columns: &[CpuColumn<T>], rows: &[T], out: &mut Encoder) {
        for (desc, value) in columns {
            let mut family = out.family(desc);
            for (label, row) in self.rows(rows) {
                family.sample(&[label], value(row));
            }
        }
    }

    /// The rows with their labels, in the order of the labels.
    pub(crate) fn rows<'a, T>(&'a self, rows: &'a [T]) -> impl Iterator<Item = (&'a str, &'a T)> {
        self.positions()
            .filter_map(|(label, position)| Some((label, rows.get(position)?)))
    }

    /// The labels and where each of their CPUs stands in the file, in the order of the labels.
    pub(crate) fn positions(&self) -> impl Iterator<Item = (&str, usize)> {
        self.sorted.iter().map(|(label, position)| (label.as_str(), *position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted<'a>(labels: &'a CpuLabels, rows: &'a [char]) -> Vec<(&'a str, char)> {
        labels.rows(rows).map(|(label, row)| (label, *row)).collect()
    }

    #[test]
    fn rows_come_in_the_order_of_their_labels() {
        let mut labels = CpuLabels::default();
        assert!(labels.update([0, 2, 10].into_iter()));
        assert_eq!(sorted(&labels, &['a', 'b', 'c']), [("0", 'a'), ("10", 'c'), ("2", 'b')]);
    }

    #[test]
    fn only_other_cpus_are_a_change() {
        let mut labels = CpuLabels::default();
        assert!(!labels.update([].into_iter()));
        assert!(labels.update([0, 1].into_iter()));
        assert!(!labels.update([0, 1].into_iter()));
        assert!(labels.update([0].into_iter()));
        assert_eq!(sorted(&labels, &['a']), [("0", 'a')]);
    }
}
