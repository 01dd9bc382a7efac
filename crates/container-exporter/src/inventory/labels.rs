//! The labels of a container's series: id, image, name, and of its labels and environment what was asked for.

use std::collections::BTreeMap;

use exposition::LabelBlock;

use crate::container::Facts;
use crate::settings::LabelRules;

/// Renders the labels of all series, once.
pub(super) fn block(id: &str, facts: Option<&Facts>, rules: &LabelRules) -> LabelBlock {
    let is_asked_for = |name: &String| rules.all || rules.only.contains(name);
    render(id, facts, &rules.env_prefixes, is_asked_for)
}

/// Renders the labels of the one series that has them all; `None` where this would be the same again.
pub(super) fn all(id: &str, facts: Option<&Facts>, rules: &LabelRules) -> Option<LabelBlock> {
    let facts = facts.filter(|facts| !rules.all && facts.labels.keys().any(|name| !rules.only.contains(name)))?;
    Some(render(id, Some(facts), &rules.env_prefixes, |_| true))
}

/// A label without a value is no label to Prometheus, and is left out.
fn render(
    id: &str,
    facts: Option<&Facts>,
    env_prefixes: &[String],
    is_asked_for: impl Fn(&String) -> bool,
) -> LabelBlock {
    let Some(facts) = facts else {
        return LabelBlock::new([("id", id)]);
    };
    let own = own_labels(facts, env_prefixes, is_asked_for);
    let own = own.iter().map(|(name, value)| (name.as_str(), *value));
    let base = [("id", id), ("image", &facts.image), ("name", &facts.name)];
    let base = base.into_iter().filter(|(_, value)| !value.is_empty());
    LabelBlock::new(base.chain(own))
}

/// Names as Prometheus takes them. Of two that become the same, the first by its own name stays.
fn own_labels<'f>(
    facts: &'f Facts,
    env_prefixes: &[String],
    is_asked_for: impl Fn(&String) -> bool,
) -> BTreeMap<String, &'f str> {
    let is_env_asked_for = |name: &String| env_prefixes.iter().any(|prefix| name.starts_with(prefix));
    let labels = facts.labels.iter().filter(|(name, _)| is_asked_for(name));
    let labels = labels.map(|(name, value)| (sanitised("container_label_", name), value));
    let env = facts.env.iter().filter(|(name, _)| is_env_asked_for(name));
    let env = env.map(|(name, value)| (sanitised("container_env_", &name.to_lowercase()), value));
    let mut own = BTreeMap::new();
    for (name, value) in labels.chain(env).filter(|(_, value)| !value.is_empty()) {
        own.entry(name).or_insert(value.as_str());
    }
    own
}

fn sanitised(prefix: &str, name: &str) -> String {
    let allowed = |character: char| {
        if character.is_ascii_alphanumeric() {
            character
        } else {
            '_'
        }
    };
    prefix.chars().chain(name.chars().map(allowed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use exposition::{Desc, Encoder, Format, assemble};

    fn text(block: &LabelBlock) -> String {
        let (mut encoder, mut body) = (Encoder::new(Format::Text004), Vec::new());
        let desc = Desc::gauge("m", "M.", &[]);
        encoder.family(&desc).sample_in(block, &[], 1.0);
        assert!(assemble([&encoder], &mut body).is_empty());
        let body = String::from_utf8(body).unwrap();
        let sample = body.lines().last().unwrap();
        sample
            .strip_prefix("m{")
            .unwrap()
            .strip_suffix("} 1")
            .unwrap()
            .to_owned()
    }

    fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    fn facts() -> Facts {
        Facts {
            name: "web".to_owned(),
            image: "nginx:1".to_owned(),
            labels: pairs(&[
                ("com.docker.compose.project", "shop"),
                ("com.docker.compose.service", "web"),
                ("empty", ""),
            ]),
            env: pairs(&[
                ("APP_MODE", "prod"),
                ("PATH", "/bin"),
                ("app_mode", "shadowed"),
                ("Z.z", "é"),
            ]),
            ..Facts::default()
        }
    }

    fn rules(all: bool, only: &[&str], env_prefixes: &[&str]) -> LabelRules {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        LabelRules {
            all,
            only: owned(only),
            env_prefixes: owned(env_prefixes),
        }
    }

    const BASE: &str = r#"id="/a",image="nginx:1",name="web""#;
    const PROJECT: &str = r#",container_label_com_docker_compose_project="shop""#;
    const SERVICE: &str = r#",container_label_com_docker_compose_service="web""#;
    const ENV: &str = r#",container_env_app_mode="prod",container_env_z_z="é""#;

    #[test]
    fn labels_are_what_was_asked_for() {
        let project = "com.docker.compose.project";
        for (rules, expected) in [
            (rules(true, &[], &[]), format!("{BASE}{PROJECT}{SERVICE}")),
            (rules(true, &[project], &[]), format!("{BASE}{PROJECT}{SERVICE}")),
            (rules(false, &[], &[]), BASE.to_owned()),
            (rules(false, &[project, "other"], &[]), format!("{BASE}{PROJECT}")),
            (rules(false, &["com_docker_compose_project"], &[]), BASE.to_owned()),
            (rules(false, &[], &["APP_", "app", "Z"]), format!("{BASE}{ENV}")),
            (rules(false, &["empty"], &[]), BASE.to_owned()),
        ] {
            assert_eq!(text(&block("/a", Some(&facts()), &rules)), expected, "{rules:?}");
        }
        assert_eq!(text(&block("/a", None, &rules(true, &[], &[]))), r#"id="/a""#);
    }

    #[test]
    fn the_one_series_with_all_labels_is_rendered_where_the_others_lack_some() {
        let all = |rules: &LabelRules| all("/a", Some(&facts()), rules).as_ref().map(text);
        assert_eq!(all(&rules(true, &[], &["APP"])), None);
        let everything = ["com.docker.compose.project", "com.docker.compose.service", "empty"];
        assert_eq!(all(&rules(false, &everything, &[])), None);
        let expected = format!("{BASE}{PROJECT}{SERVICE}");
        assert_eq!(all(&rules(false, &[], &[])), Some(expected.clone()));
        assert_eq!(all(&rules(false, &["empty"], &[])), Some(expected));
        assert_eq!(super::all("/a", None, &rules(false, &[], &[])), None);
    }

    #[test]
    fn names_that_become_the_same_are_settled_by_their_own_order() {
        let facts = Facts {
            labels: pairs(&[
                ("a-b", ""),
                ("a.b", "first with a value"),
                ("a_b", "second"),
                ("é", "one letter"),
                ("a b\"\n", "x"),
            ]),
            ..Facts::default()
        };
        let expected = r#"id="/a",container_label__="one letter",container_label_a_b="first with a value",container_label_a_b__="x""#;
        assert_eq!(text(&block("/a", Some(&facts), &rules(true, &[], &[]))), expected);
    }

    #[test]
    fn any_value_and_any_path_is_escaped_and_not_cut() {
        let long = "x".repeat(100_000);
        let facts = Facts {
            name: "\u{fffd}".to_owned(),
            image: "a\"b\\c\nd".to_owned(),
            labels: pairs(&[("long", &long), ("utf8", "日本 \u{1f40b}")]),
            ..Facts::default()
        };
        let id = r"/my\x2dparent.slice/1";
        let expected = format!(
            "id=\"/my\\\\x2dparent.slice/1\",image=\"a\\\"b\\\\c\\nd\",name=\"\u{fffd}\",\
             container_label_long=\"{long}\",container_label_utf8=\"日本 \u{1f40b}\""
        );
        assert_eq!(text(&block(id, Some(&facts), &rules(true, &[], &[]))), expected);
    }
}
