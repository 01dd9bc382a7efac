//! Words in place of values.

use regex::Regex;

use crate::model::{Mapping, MappingResult};

/// What stands for a value: the first mapping that knows it.
pub(super) fn of_number(mappings: &[Mapping], value: Option<f64>) -> Option<&MappingResult> {
    mappings.iter().find_map(|mapping| match mapping {
        Mapping::Value(values) => values.get(&value?.to_string()),
        Mapping::Range { from, to, result } => {
            let value = value?;
            let inside = from.is_none_or(|from| value >= from) && to.is_none_or(|to| value <= to);
            inside.then_some(result)
        }
        Mapping::Special { r#match, result } => special(r#match, value).then_some(result),
        Mapping::Regex { .. } => None,
    })
}

fn special(kind: &str, value: Option<f64>) -> bool {
    match kind {
        "null" => value.is_none(),
        "nan" => value.is_some_and(f64::is_nan),
        "null+nan" => value.is_none_or(f64::is_nan),
        _ => false,
    }
}

/// What stands for a text, and the text that it then is.
pub(super) fn of_text<'a>(mappings: &'a [Mapping], text: &str) -> Option<(&'a MappingResult, Option<String>)> {
    mappings.iter().find_map(|mapping| match mapping {
        Mapping::Value(values) => values.get(text).map(|result| (result, result.text.clone())),
        Mapping::Regex { pattern, result } => {
            let pattern = pattern.trim_start_matches('/').trim_end_matches('/');
            let pattern = Regex::new(pattern).ok().filter(|pattern| pattern.is_match(text))?;
            let replaced = |with: &String| pattern.replace(text, with.as_str()).into_owned();
            Some((result, result.text.as_ref().map(replaced)))
        }
        Mapping::Special { r#match, result } => {
            (r#match == "empty" && text.is_empty()).then(|| (result, result.text.clone()))
        }
        Mapping::Range { .. } => None,
    })
}
