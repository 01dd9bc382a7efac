//! A page of Markdown: its links, its code, and the comments above that.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, Result};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// Pages that stand in the repository's root, as people expect them there.
pub const ROOT_PAGES: [&str; 4] = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];

/// Where all other pages are.
pub const FOLDER: &str = "docs";

/// The book's table of contents, which is no page of it.
pub const SUMMARY: &str = "docs/SUMMARY.md";

/// One page, read.
#[derive(Debug)]
pub struct Page {
    /// Where it is, from the repository's root.
    pub path: PathBuf,
    /// What is written there.
    pub text: String,
}

/// Something in a page, with the number of its line, from 1 on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The line that it begins in.
    pub line: usize,
    /// What is there.
    pub what: T,
}

/// A block of code between fences, or an indented one, which has no language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fence {
    /// What stands behind the opening fence.
    pub language: String,
    /// The lines between the fences.
    pub code: String,
    /// The comment `<!-- … -->` that stands right above it, without its ends.
    pub comment: String,
}

impl Page {
    /// Reads the page at `path`, from `root` on.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(root: &Path, path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let text = fs::read_to_string(root.join(&path)).with_context(|| format!("reading {}", path.display()))?;
        Ok(Self { path, text })
    }

    fn events(&self) -> impl Iterator<Item = At<Event<'_>>> {
        let mut counted = (0, 1);
        let parser = Parser::new_ext(&self.text, Options::ENABLE_TABLES).into_offset_iter();
        parser.map(move |(what, range)| {
            // Events of inner blocks never begin before those of outer ones, but ends do.
            if let Some(between) = self.text.as_bytes().get(counted.0..range.start) {
                counted = (
                    range.start,
                    counted.1 + between.iter().filter(|byte| **byte == b'\n').count(),
                );
            }
            At { line: counted.1, what }
        })
    }

    /// Where its links and images lead.
    #[must_use]
    pub fn links(&self) -> Vec<At<String>> {
        let link = |At { line, what }| match what {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(At {
                line,
                what: dest_url.into_string(),
            }),
            _ => None,
        };
        self.events().filter_map(link).collect()
    }

    /// Code within its sentences.
    #[must_use]
    pub fn inline_code(&self) -> Vec<At<String>> {
        let code = |At { line, what }| match what {
            Event::Code(code) => Some(At {
                line,
                what: code.into_string(),
            }),
            _ => None,
        };
        self.events().filter_map(code).collect()
    }

    /// Its blocks of code.
    #[must_use]
    pub fn fences(&self) -> Vec<At<Fence>> {
        let (mut fences, mut open, mut comment) = (Vec::new(), None::<At<Fence>>, String::new());
        for At { line, what } in self.events() {
            match what {
                Event::Html(html) => comment.push_str(&html),
                Event::Start(Tag::CodeBlock(kind)) => {
                    let what = Fence {
                        language: language(kind),
                        code: String::new(),
                        comment: inner(&std::mem::take(&mut comment)),
                    };
                    open = Some(At { line, what });
                }
                Event::Text(text) => match &mut open {
                    Some(fence) => fence.what.code.push_str(&text),
                    None => comment.clear(),
                },
                Event::End(TagEnd::CodeBlock) => fences.extend(open.take()),
                Event::End(TagEnd::HtmlBlock) => {}
                Event::Start(Tag::HtmlBlock) => comment.clear(),
                _ => comment.clear(),
            }
        }
        fences
    }

    /// What a link to one of its headings says behind `#`, as GitHub and mdBook make it.
    #[must_use]
    pub fn anchors(&self) -> BTreeSet<String> {
        let (mut anchors, mut heading) = (BTreeSet::new(), None::<String>);
        for At { what, .. } in self.events() {
            match what {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::End(TagEnd::Heading(_)) => anchors.extend(heading.take().map(|text| anchor(&text))),
                _ => {}
            }
        }
        anchors
    }
}

fn language(kind: CodeBlockKind<'_>) -> String {
    match kind {
        CodeBlockKind::Fenced(info) => info.split_whitespace().next().unwrap_or_default().to_owned(),
        CodeBlockKind::Indented => String::new(),
    }
}

/// What stands between the ends of a comment.
fn inner(comment: &str) -> String {
    let inner = comment
        .trim()
        .strip_prefix("<!--")
        .and_then(|rest| rest.strip_suffix("-->"));
    inner.unwrap_or_default().trim().to_owned()
}

fn anchor(heading: &str) -> String {
    let kept = |c: char| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        _ => None,
    };
    heading.to_lowercase().chars().filter_map(kept).collect()
}

/// All pages but the table of contents: those of the root first, then those below docs/, sorted.
///
/// # Errors
/// A folder or a page cannot be read.
pub fn all(root: &Path) -> Result<Vec<Page>> {
    let mut below = Vec::new();
    find(root, Path::new(FOLDER), "md", &mut below)?;
    below.retain(|path| path != Path::new(SUMMARY));
    below.sort();
    let paths = ROOT_PAGES.map(PathBuf::from).into_iter().chain(below);
    paths.map(|path| Page::read(root, path)).collect()
}

/// Adds all files below a folder that end so, by their paths from the root.
pub(crate) fn find(root: &Path, folder: &Path, extension: &str, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(root.join(folder)).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            find(root, &path, extension, found)?;
        } else if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
    Ok(())
}

/// A path without `.` and `..`; `None` where it leaves the folder that it starts in.
#[must_use]
pub fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => normal.push(name),
            Component::CurDir => {}
            Component::ParentDir => normal.pop().then_some(())?,
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        Page {
            path: "docs/page.md".into(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn fences_know_their_line_their_language_and_the_comment_above() {
        let page = page(
            "# A\n\n<!-- not run: needs\nan account -->\n```sh\none\n\ntwo\n```\n\n<!-- other -->\n\nText.\n\n```\nthree\n```\n",
        );
        let fence = |line, language: &str, code: &str, comment: &str| At {
            line,
            what: Fence {
                language: language.to_owned(),
                code: code.to_owned(),
                comment: comment.to_owned(),
            },
        };
        assert_eq!(
            page.fences(),
            [
                fence(5, "sh", "one\n\ntwo\n", "not run: needs\nan account"),
                fence(15, "", "three\n", "")
            ]
        );
    }

    #[test]
    fn links_and_inline_code_know_their_line() {
        let page = page("See [a](b.md#c)\nand `d`.\n\n| x |\n|---|\n| ![e](f.png) |\n");
        let at = |line, what: &str| At {
            line,
            what: what.to_owned(),
        };
        assert_eq!(page.links(), [at(1, "b.md#c"), at(6, "f.png")]);
        assert_eq!(page.inline_code(), [at(2, "d")]);
    }

    #[test]
    fn anchors_are_githubs() {
        let page = page("# In `lab up`: what, and why?\n\n## a_b-c\n");
        assert_eq!(
            page.anchors().into_iter().collect::<Vec<_>>(),
            ["a_b-c", "in-lab-up-what-and-why"]
        );
    }

    #[test]
    fn a_path_that_leaves_the_repository_is_none() {
        let cases = [
            ("docs/../a", Some("a")),
            ("docs/./a", Some("docs/a")),
            ("docs/../../a", None),
            ("/a", None),
        ];
        for (path, expected) in cases {
            assert_eq!(normal(Path::new(path)), expected.map(PathBuf::from), "{path}");
        }
    }
}
