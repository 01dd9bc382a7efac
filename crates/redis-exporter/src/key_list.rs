//! Lists of keys as flags and requests name them: `db3=pattern,key`, each part URL-encoded.

use std::collections::BTreeMap;

use percent_encoding::percent_decode;

/// A key or a pattern in a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyName {
    /// The number of the database.
    pub(crate) database: u32,
    /// The key; any bytes.
    pub(crate) key: Vec<u8>,
}

impl KeyName {
    /// Whether it may stand for several keys.
    pub(crate) fn is_pattern(&self) -> bool {
        self.key.iter().any(|byte| b"?*[]^".contains(byte))
    }
}

/// Reads a list. Parts without a key or without a number of a database are left out, as upstream has it.
///
/// # Errors
/// The first part that is none.
pub(crate) fn parse(list: &str) -> Result<Vec<KeyName>, String> {
    let mut names = Vec::new();
    for part in list.split(',').filter(|part| !part.is_empty()) {
        let (database, key) = match part.split_once('=') {
            None => ("0".to_owned(), part),
            Some((_, key)) if key.contains('=') => return Err(format!("{part:?} has more than one '='")),
            Some((database, key)) => (database.trim().replace("db", ""), key),
        };
        let key = unescape(key.trim()).ok_or_else(|| format!("{part:?} is not properly URL-encoded"))?;
        if database.is_empty() || key.is_empty() {
            continue;
        }
        let database = database
            .parse()
            .map_err(|_| format!("{part:?} names no database by its number"))?;
        names.push(KeyName { database, key });
    }
    Ok(names)
}

/// As in the query of a URL: `%2C` is a comma and `+` a space.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    parts.next();
    let is_code = |part: &str| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !parts.all(is_code) {
        return None;
    }
    let spaced = text.replace('+', " ");
    Some(percent_decode(spaced.as_bytes()).collect())
}

/// Names by the database that `database` says.
pub(crate) fn by_database<N>(
    names: impl IntoIterator<Item = N>,
    database: impl Fn(&N) -> u32,
) -> BTreeMap<u32, Vec<N>> {
    let mut databases: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for name in names {
        databases.entry(database(&name)).or_default().push(name);
    }
    databases
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(database: u32, key: &[u8]) -> KeyName {
        let key = key.to_vec();
        KeyName { database, key }
    }

    #[test]
    fn lists_name_databases_and_keys() {
        for (list, names) in [
            ("", vec![]),
            ("a,,b", vec![name(0, b"a"), name(0, b"b")]),
            ("db3=a, 4 = b*", vec![name(3, b"a"), name(4, b"b*")]),
            (
                "a%2Cb,%FF+x,%2525",
                vec![name(0, b"a,b"), name(0, b"\xff x"), name(0, b"%25")],
            ),
            ("=x,db1=,db2=y", vec![name(2, b"y")]),
        ] {
            assert_eq!(parse(list), Ok(names), "{list}");
        }
    }

    #[test]
    fn what_is_no_list_is_named() {
        for (list, error) in [
            ("a,b=c=d", "\"b=c=d\" has more than one '='"),
            ("dbx=a", "\"dbx=a\" names no database by its number"),
            ("db-1=a", "\"db-1=a\" names no database by its number"),
            ("%zz", "\"%zz\" is not properly URL-encoded"),
            ("a%2", "\"a%2\" is not properly URL-encoded"),
            ("%+41", "\"%+41\" is not properly URL-encoded"),
        ] {
            assert_eq!(parse(list), Err(error.to_owned()), "{list}");
        }
    }

    #[test]
    fn patterns_have_characters_of_patterns() {
        for (key, is_pattern) in [
            ("a", false),
            ("a*", true),
            ("a?", true),
            ("[ab]", true),
            ("a^", true),
            ("a\\", false),
        ] {
            assert_eq!(name(0, key.as_bytes()).is_pattern(), is_pattern, "{key}");
        }
    }
}
