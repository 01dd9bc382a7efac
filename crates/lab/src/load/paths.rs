//! What is asked for, and how often: a weighted choice that the seed and the request's number decide.

use anyhow::{Context, Result, bail, ensure};
use hyper::{Method, http::uri::PathAndQuery};
use rand::{RngExt, SeedableRng, rngs::SmallRng};

use super::options::{ErrorKind, Options};

/// What people do with demo-app: mostly look, sometimes buy.
const DEFAULT: [&str; 4] = ["2 GET /", "5 GET /api/users", "2 GET /api/orders", "1 POST /api/orders"];

/// A path that no server has.
const NOWHERE: &str = "/no-such-page";

/// All that may be asked for.
#[derive(Debug)]
pub(super) struct Paths(Vec<Weighted>);

#[derive(Debug)]
struct Weighted {
    weight: u32,
    method: Method,
    path: PathAndQuery,
}

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) path: PathAndQuery,
    /// Whether the header that asks demo-app for a fault goes with it.
    pub(super) fault: bool,
}

impl Paths {
    /// Reads `[WEIGHT ][METHOD ]PATH`s; demo-app's endpoints when there are none.
    ///
    /// # Errors
    /// The first that is none.
    pub(super) fn parse(texts: &[&String]) -> Result<Self> {
        let given = texts.iter().map(|text| text.as_str());
        let texts: Vec<&str> = if texts.is_empty() {
            DEFAULT.to_vec()
        } else {
            given.collect()
        };
        let paths: Result<Vec<Weighted>> = texts
            .into_iter()
            .map(|text| parse(text).with_context(|| format!("--path {text:?}")))
            .collect();
        Ok(Self(paths?))
    }

    /// The request of this number.
    pub(super) fn ask(&self, index: u64, options: &Options) -> Ask {
        let mut rng = SmallRng::seed_from_u64(options.seed ^ index.rotate_left(32));
        let all: u32 = self.0.iter().map(|path| path.weight).sum();
        let mut ticket = rng.random_range(0..all.max(1));
        let chosen = self.0.iter().find(|path| {
            let found = ticket < path.weight;
            ticket = ticket.saturating_sub(path.weight);
            found
        });
        let fails = rng.random::<f64>() < options.errors;
        let nowhere = PathAndQuery::from_static(NOWHERE);
        let (method, path) = chosen.map_or((Method::GET, nowhere.clone()), |chosen| {
            (chosen.method.clone(), chosen.path.clone())
        });
        match options.error_kind {
            ErrorKind::Path if fails => Ask {
                method: Method::GET,
                path: nowhere,
                fault: false,
            },
            _ => Ask {
                method,
                path,
                fault: fails,
            },
        }
    }
}

fn parse(text: &str) -> Result<Weighted> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (weight, words) = match words.split_first() {
        Some((first, rest)) if first.bytes().all(|byte| byte.is_ascii_digit()) => (first.parse()?, rest),
        _ => (1, words.as_slice()),
    };
    let (method, path) = match words {
        [path] => (Method::GET, *path),
        [method, path] => (method.parse().context("the method")?, *path),
        _ => bail!("expected [WEIGHT ][METHOD ]PATH"),
    };
    ensure!((1..=1_000_000).contains(&weight), "a weight is from 1 to 1000000");
    ensure!(path.starts_with('/'), "the path does not start with /");
    Ok(Weighted {
        weight,
        method,
        path: path.parse().context("the path")?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::options::command;
    use super::*;
    use std::collections::BTreeMap;

    fn options(args: &[&str]) -> Options {
        let matches = command().get_matches_from([&["load"], args].concat());
        Options::from_matches(&matches).unwrap()
    }

    fn asked(args: &[&str]) -> BTreeMap<String, u32> {
        let options = options(args);
        let mut counts = BTreeMap::new();
        for index in 0..10_000 {
            let Ask { method, path, fault } = options.paths.ask(index, &options);
            let fault = if fault { " fault" } else { "" };
            *counts.entry(format!("{method} {path}{fault}")).or_default() += 1;
        }
        counts
    }

    #[test]
    fn paths_have_their_weights() {
        for (asked, shares) in [
            (
                asked(&[]),
                &[
                    ("GET /", 2000),
                    ("GET /api/orders", 2000),
                    ("GET /api/users", 5000),
                    ("POST /api/orders", 1000),
                ][..],
            ),
            (
                asked(&["--path=3 POST /a?b=1&c=2", "--path", "/d"]),
                &[("GET /d", 2500), ("POST /a?b=1&c=2", 7500)],
            ),
            (
                asked(&["--path=/", "--errors=0.1"]),
                &[("GET /", 9000), ("GET / fault", 1000)],
            ),
            (
                asked(&["--path=POST /", "--errors=0.1", "--error-kind=path"]),
                &[("GET /no-such-page", 1000), ("POST /", 9000)],
            ),
        ] {
            let names: Vec<&str> = asked.keys().map(String::as_str).collect();
            assert_eq!(names, shares.iter().map(|(name, _)| *name).collect::<Vec<_>>());
            for (name, share) in shares {
                assert!(asked[*name].abs_diff(*share) < 200, "{name}: {asked:?}");
            }
        }
    }

    #[test]
    fn the_seed_decides_the_order() {
        let order = |args: &[&str]| -> Vec<Ask> {
            let options = options(args);
            (0..100).map(|index| options.paths.ask(index, &options)).collect()
        };
        assert_eq!(order(&["--seed=5"]), order(&["--seed=5"]));
        assert_ne!(order(&["--seed=5"]), order(&["--seed=6"]));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "",
            "5",
            "api",
            "GET",
            "0 /",
            "GET /a b",
            "9999999 /",
            "GET GET /",
            "G(T /",
            "99999999999 /",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
