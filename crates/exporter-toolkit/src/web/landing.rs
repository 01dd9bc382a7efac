//! The page at `/` for people who type the address into a browser.

use super::pages::html_escaped;
use super::router::Page;

/// Something that the exporter has to show.
#[derive(Clone, Debug)]
pub struct Link {
    /// A path on this server.
    pub path: String,
    /// What it is.
    pub text: String,
}

impl Link {
    /// A link.
    pub fn new(text: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }
}

/// The page, everything escaped.
pub(super) fn page(page: &Page, links: &[Link]) -> String {
    let [title, description, version] = [page.title, page.description, &page.version].map(html_escaped);
    let item = |link: &Link| {
        format!(
            "        <li><a href=\"{}\">{}</a></li>\n",
            html_escaped(&link.path),
            html_escaped(&link.text)
        )
    };
    let items: String = links.iter().map(item).collect();
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="UTF-8">
    <meta name="viewport" content="width=device-width, initial-scale=1.0">
    <title>{title}</title>
    <style>
      body {{ font-family: system-ui, sans-serif; margin: 0; color: #222; }}
      header {{ background: #1f4b6e; color: #fff; padding: 1rem; }}
      h1 {{ font-size: 1.2rem; margin: 0; }}
      main {{ padding: 1rem; max-width: 40rem; }}
      li {{ margin: .4rem 0; }}
      .version {{ color: #666; }}
    </style>
  </head>
  <body>
    <header><h1>{title}</h1></header>
    <main>
      <p>{description}</p>
      <ul>
{items}      </ul>
      <p class="version">Version {version}</p>
    </main>
  </body>
</html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_on_the_page_can_be_markup() {
        let link = Link {
            path: "/\"><script>".into(),
            text: "<b>&'".into(),
        };
        let about = Page {
            title: "<t>",
            description: "d&d",
            version: "1<2".into(),
        };
        let page = page(&about, &[link]);
        assert!(page.contains(r#"<a href="/&quot;&gt;&lt;script&gt;">&lt;b&gt;&amp;&#39;</a>"#));
        assert!(page.contains("<title>&lt;t&gt;</title>") && page.contains("d&amp;d") && page.contains("1&lt;2"));
    }
}
