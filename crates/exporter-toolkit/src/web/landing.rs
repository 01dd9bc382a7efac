//! The page at `/` for people who type the address into a browser.

/// Something that the exporter has to show.
#[derive(Clone, Debug)]
pub struct Link {
    /// A path on this server.
    pub path: String,
    /// What it is.
    pub text: String,
}

/// The page, everything escaped.
pub(super) fn page(title: &str, description: &str, version: &str, links: &[Link]) -> String {
    let (title, description, version) = (escape(title), escape(description), escape(version));
    let item = |link: &Link| {
        format!(
            "        <li><a href=\"{}\">{}</a></li>\n",
            escape(&link.path),
            escape(&link.text)
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

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
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
        let page = page("<t>", "d&d", "1<2", &[link]);
        assert!(page.contains(r#"<a href="/&quot;&gt;&lt;script&gt;">&lt;b&gt;&amp;&#39;</a>"#));
        assert!(page.contains("<title>&lt;t&gt;</title>") && page.contains("d&amp;d") && page.contains("1&lt;2"));
    }
}
