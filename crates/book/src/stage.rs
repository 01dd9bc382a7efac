//! The pages where mdBook takes them from: in the repository's own layout, with the files that they link beside them, so
//! that a link leads to the same place in the book and in the repository.

use std::{
    collections::BTreeSet,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{
    links::inside,
    page::{self, FOLDER, Page, SUMMARY},
};

/// Fills the folder `to` anew.
///
/// # Errors
/// A page leads nowhere, or a file cannot be read or written.
pub fn stage(root: &Path, to: &Path) -> Result<()> {
    match fs::remove_dir_all(to) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).context(format!("removing {}", to.display()))?
        }
        _ => {}
    }
    let pages = page::all(root)?;
    for file in ["book.toml", "book.css"] {
        copy(root, &Path::new(FOLDER).join(file), &to.join(file))?;
    }
    let src = to.join("src");
    for page in &pages {
        write(&src.join(&page.path), &page.text)?;
    }
    write(&src.join("SUMMARY.md"), summary(root)?)?;
    // mdBook makes index.html of it, and leaves links to it as they are.
    write(
        &src.join("README.html"),
        "<meta http-equiv=refresh content=\"0; url=index.html\">\n",
    )?;
    for path in linked(&pages) {
        stage_linked(root, &path, &src)?;
    }
    Ok(())
}

/// The table of contents with its links from the root instead of from docs/.
fn summary(root: &Path) -> Result<String> {
    let page = Page::read(root, SUMMARY)?;
    let mut text = page.text.clone();
    for link in page.links() {
        let Some((Some(path), _)) = inside(&page.path, &link.what) else {
            bail!("{SUMMARY}:{}: {} is no page", link.line, link.what);
        };
        let path = path.to_str().context("a page's name is text")?;
        text = text.replacen(&format!("]({})", link.what), &format!("]({path})"), 1);
    }
    Ok(text)
}

/// Files and folders that are no pages themselves.
fn linked(pages: &[Page]) -> BTreeSet<PathBuf> {
    let of_page = |page: &Page| -> Vec<PathBuf> {
        let links = page.links().into_iter();
        links
            .filter_map(|link| inside(&page.path, &link.what)?.0)
            .filter(|path| path.extension().is_none_or(|extension| extension != "md"))
            .collect()
    };
    pages.iter().flat_map(of_page).collect()
}

fn stage_linked(root: &Path, path: &Path, src: &Path) -> Result<()> {
    let from = root.join(path);
    if from.is_file() {
        return copy(root, path, &src.join(path));
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(&from).with_context(|| format!("reading {}", path.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // Hidden ones may be this machine's alone, as deploy/.env is.
        if entry.file_type()?.is_file() && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    for name in names.iter().filter(|name| !name.ends_with(".md")) {
        copy(root, &path.join(name), &src.join(path).join(name))?;
    }
    write(&src.join(path).join("index.html"), listing(path, &names))
}

/// A page that names a folder's files; pages among them have become HTML.
fn listing(path: &Path, names: &[String]) -> String {
    let title = path.display();
    let mut html = format!("<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1><ul>\n");
    for name in names {
        let link = name
            .strip_suffix(".md")
            .map_or_else(|| name.clone(), |page| format!("{page}.html"));
        html.push_str(&format!("<li><a href=\"{link}\">{name}</a>\n"));
    }
    html + "</ul>\n"
}

fn copy(root: &Path, path: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(root.join(path)).with_context(|| format!("reading {}", path.display()))?;
    write(to, bytes)
}

fn write(to: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    let folder = to.parent().context("a file is in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    fs::write(to, bytes).with_context(|| format!("writing {}", to.display()))
}
