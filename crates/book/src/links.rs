//! Where links between pages, and to files of the repository, lead.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::page::{Page, normal};

/// Where a link leads within the repository, from its root, and the heading that it names. `None` for links to other places;
/// the path is `None` when it leaves the repository.
#[must_use]
pub fn inside<'l>(page: &Path, link: &'l str) -> Option<(Option<PathBuf>, Option<&'l str>)> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = match link.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (link, None),
    };
    let folder = page.parent().unwrap_or(Path::new(""));
    let path = if path.is_empty() {
        Some(page.to_path_buf())
    } else {
        normal(&folder.join(path))
    };
    Some((path, anchor))
}

/// Every link of `pages` that leads nowhere, one a line, with its place.
#[must_use]
pub fn broken(root: &Path, pages: &[Page]) -> Vec<String> {
    let anchors: BTreeMap<&Path, BTreeSet<String>> =
        pages.iter().map(|page| (page.path.as_path(), page.anchors())).collect();
    let mut broken = Vec::new();
    for page in pages {
        for link in page.links() {
            let Some((path, anchor)) = inside(&page.path, &link.what) else {
                continue;
            };
            if let Some(wrong) = wrong(root, &anchors, path.as_deref(), anchor) {
                broken.push(format!("{}:{}: {}: {wrong}", page.path.display(), link.line, link.what));
            }
        }
    }
    broken
}

fn wrong(
    root: &Path,
    anchors: &BTreeMap<&Path, BTreeSet<String>>,
    path: Option<&Path>,
    anchor: Option<&str>,
) -> Option<&'static str> {
    let Some(path) = path else {
        return Some("leads out of the repository");
    };
    if !root.join(path).exists() {
        return Some("there is no such file");
    }
    let is_page = path.extension().is_some_and(|extension| extension == "md");
    match (anchors.get(path), anchor) {
        (None, _) if is_page => Some("is no page of the book"),
        (None, Some(_)) => Some("is no page with headings"),
        (Some(headings), Some(anchor)) if !headings.contains(anchor) => Some("the page has no such heading"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_leads_nowhere_is_named_with_its_line() -> anyhow::Result<()> {
        let root = tempfile::tempdir()?;
        fs::create_dir(root.path().join("docs"))?;
        for file in ["docs/a.md", "docs/b.md", "docs/notes.md", "file.yml"] {
            fs::write(root.path().join(file), "")?;
        }
        let page = |path: &str, text: &str| Page {
            path: path.into(),
            text: text.to_owned(),
        };
        let text = "[1](b.md#there) [2](../file.yml) [3](https://example.com/x) [4](#here)\n\n# Here\n\n\
                    [5](c.md) [6](b.md#gone)\n[7](../../x) [8](notes.md) [9](../file.yml#x)\n";
        let pages = [page("docs/a.md", text), page("docs/b.md", "# There\n")];
        assert_eq!(
            broken(root.path(), &pages),
            [
                "docs/a.md:5: c.md: there is no such file",
                "docs/a.md:5: b.md#gone: the page has no such heading",
                "docs/a.md:6: ../../x: leads out of the repository",
                "docs/a.md:6: notes.md: is no page of the book",
                "docs/a.md:6: ../file.yml#x: is no page with headings",
            ]
        );
        Ok(())
    }
}
