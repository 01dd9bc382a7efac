//! What mdBook made: every link within it leads to a file of it.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use crate::page::{find, normal};

/// Every link of the HTML files below `folder` that leads to no file there, one a line.
///
/// # Errors
/// A folder or file cannot be read.
pub fn broken_links(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    find(folder, Path::new(""), "html", &mut files)?;
    files.sort();
    let mut broken = Vec::new();
    for file in files {
        let html = fs::read_to_string(folder.join(&file)).with_context(|| format!("reading {}", file.display()))?;
        let nowhere = addresses(&html).filter(|link| !leads_somewhere(folder, &file, link));
        broken.extend(nowhere.map(|link| format!("{}: {link}", file.display())));
    }
    Ok(broken)
}

/// What `href` and `src` of the elements say.
fn addresses(html: &str) -> impl Iterator<Item = &str> {
    let of = |name: &'static str| {
        html.split(name)
            .skip(1)
            .filter_map(|rest| Some(rest.split_once('"')?.0))
    };
    of(" href=\"").chain(of(" src=\""))
}

fn leads_somewhere(folder: &Path, file: &Path, link: &str) -> bool {
    let elsewhere = link.contains("://") || link.starts_with("mailto:") || link.starts_with("data:");
    let path = link.split(['#', '?']).next().unwrap_or_default();
    // The page for addresses that do not exist is shown anywhere, so its links begin at the site's root.
    if elsewhere || path.is_empty() || file == Path::new("404.html") {
        return true;
    }
    let from = file.parent().unwrap_or(Path::new(""));
    normal(&from.join(path)).is_some_and(|path| {
        let path = folder.join(path);
        path.is_file() || path.join("index.html").is_file()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_files_that_mdbook_did_not_make_are_broken() -> Result<()> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("docs"))?;
        fs::write(folder.path().join("style.css"), "")?;
        fs::write(folder.path().join("index.html"), "<a href=\"docs/a.html#x\">a</a>")?;
        fs::write(
            folder.path().join("docs/a.html"),
            "<link href=\"../style.css?v=1\"><a href=\"#x\">x</a> <img src=\"b.png\"> <a href=\"https://c/\">c</a> <a href=\"../d.html\">d</a>",
        )?;
        assert_eq!(
            broken_links(folder.path())?,
            ["docs/a.html: ../d.html", "docs/a.html: b.png"]
        );
        Ok(())
    }
}
