//! The order of a variable's values, by Grafana's numbers.

use std::cmp::Ordering;

use crate::model::Choice;

/// 0 leaves them as they come. Odd is upward, even is downward.
pub(super) fn sort(choices: &mut [Choice], order: u8) {
    let compare: fn(&Choice, &Choice) -> Ordering = match order {
        1 | 2 => |a, b| a.text.cmp(&b.text),
        3 | 4 => |a, b| first_number(&a.text).total_cmp(&first_number(&b.text)),
        5 | 6 => |a, b| a.text.to_lowercase().cmp(&b.text.to_lowercase()),
        7 | 8 => |a, b| natural(&a.text, &b.text),
        _ => return,
    };
    choices.sort_by(compare);
    if order.is_multiple_of(2) {
        choices.reverse();
    }
}

/// Those without a number come first.
fn first_number(text: &str) -> f64 {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(digits.len());
    let number = digits.split_at_checked(end).and_then(|(number, _)| number.parse().ok());
    number.unwrap_or(-1.0)
}

/// `disk2` before `disk10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (Some(one), Some(other)) = (a.chars().next(), b.chars().next()) else {
            return a.len().cmp(&b.len());
        };
        let numbers = one.is_ascii_digit() && other.is_ascii_digit();
        let (left, right) = if numbers {
            (digits(a), digits(b))
        } else {
            (head(a), head(b))
        };
        let order = if numbers {
            let plain = |text: &str| text.trim_start_matches('0').to_owned();
            let (left, right) = (plain(left.0), plain(right.0));
            left.len().cmp(&right.len()).then(left.cmp(&right))
        } else {
            left.0.cmp(right.0)
        };
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (left.1, right.1);
    }
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn head(text: &str) -> (&str, &str) {
    let end = text.chars().next().map_or(0, char::len_utf8);
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_order_sorts_as_it_says() {
        let table = [
            (0, ["b10", "B2", "a", "b1"]),
            (1, ["B2", "a", "b1", "b10"]),
            (2, ["b10", "b1", "a", "B2"]),
            (3, ["a", "b1", "B2", "b10"]),
            (4, ["b10", "B2", "b1", "a"]),
            (5, ["a", "b1", "b10", "B2"]),
            (7, ["B2", "a", "b1", "b10"]),
        ];
        for (order, sorted) in table {
            let mut choices = ["b10", "B2", "a", "b1"].map(|text| Choice {
                text: text.into(),
                value: text.into(),
            });
            sort(&mut choices, order);
            assert_eq!(choices.map(|choice| choice.text), sorted, "{order}");
        }
        assert_eq!(natural("disk10", "disk2"), Ordering::Greater);
        assert_eq!(natural("disk02", "disk2x"), Ordering::Less);
    }
}
