//! A whole dashboard as one file: it needs nothing else.

use html5gum::{Token, Tokenizer, emitters::default::DefaultEmitter};

use crate::{UNTIL, drawn};

/// An element with its attributes, and the text that follows it.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Element {
    fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn elements(html: &str) -> Vec<Element> {
    let mut emitter = DefaultEmitter::default();
    // Scripts and styles are text, whatever is in them.
    emitter.naively_switch_states(true);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let mut elements: Vec<Element> = Vec::new();
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => elements.push(Element {
                name: text(&tag.name),
                attributes: tag
                    .attributes
                    .iter()
                    .map(|(name, value)| (text(name), text(value)))
                    .collect(),
                text: String::new(),
            }),
            Token::String(words) => {
                if let Some(last) = elements.last_mut() {
                    last.text.push_str(&text(&words));
                }
            }
            Token::Error(error) => assert_eq!(format!("{error:?}"), "", "malformed HTML"),
            _ => {}
        }
    }
    elements
}

/// Attributes by which a browser loads something without being asked.
const LOADS: [&str; 10] = [
    "src",
    "srcset",
    "poster",
    "data",
    "background",
    "action",
    "formaction",
    "ping",
    "xlink:href",
    "imagesrcset",
];

/// What of a page a browser would get from elsewhere.
fn assets(elements: &[Element]) -> Vec<String> {
    let mut found = Vec::new();
    for element in elements {
        for (name, value) in &element.attributes {
            // A link of a page waits for a person; one of the head does not.
            let loads = LOADS.contains(&name.as_str()) || (name == "href" && element.name != "a");
            if loads && !value.starts_with("data:") && !value.starts_with('#') {
                found.push(format!("{} {name}={value}", element.name));
            }
        }
        let style = if element.name == "style" {
            element.text.as_str()
        } else {
            ""
        };
        let styles = [style, element.attribute("style").unwrap_or_default()];
        for word in ["url(", "@import", "image-set("] {
            if styles.iter().any(|style| style.contains(word)) {
                found.push(format!("{} with {word}", element.name));
            }
        }
    }
    found
}

#[test]
fn a_report_needs_nothing_else() {
    for (uid, panels) in [("pilotlight-node", 19), ("pilotlight-overview", 18)] {
        let html = drawn(&[], "report.html", &["--dashboard", uid, "--var", "host=one"]);
        let elements = elements(str::from_utf8(&html).expect("text"));
        assert_eq!(assets(&elements), Vec::<String>::new());
        let policy = elements
            .iter()
            .find(|element| element.attribute("http-equiv") == Some("Content-Security-Policy"));
        let policy = policy.and_then(|element| element.attribute("content"));
        assert!(
            policy.is_some_and(|policy| policy.starts_with("default-src 'none';")),
            "{policy:?}"
        );
        let of_class = |class: &str| {
            let has = |element: &&Element| {
                let own = element.attribute("class").unwrap_or_default();
                own.split(' ').any(|own| own == class)
            };
            elements.iter().filter(has).collect::<Vec<_>>()
        };
        assert_eq!(of_class("panel").len(), panels, "{uid}");
        assert!(of_class("problem").is_empty(), "{:?}", of_class("problem"));
        // Its styles and its script are inside.
        for name in ["style", "script"] {
            let inside = elements
                .iter()
                .filter(|element| element.name == name && element.text.len() > 1000);
            assert!(inside.count() > 0, "{name}");
        }
        // It is about the time that was asked for.
        let head = elements
            .iter()
            .find(|element| element.name == "p")
            .map(|element| element.text.as_str());
        assert_eq!(
            head.map(str::trim),
            Some("2023-11-14 22:00:00 to 2023-11-14 22:15:00"),
            "{UNTIL}"
        );
    }
}

#[test]
fn what_a_page_would_load_is_noticed() {
    for (html, asset) in [
        ("<img src=http://a/b.png>", "img src=http://a/b.png"),
        ("<link rel=stylesheet href=a.css>", "link href=a.css"),
        ("<svg><image xlink:href='x.png'/></svg>", "image xlink:href=x.png"),
        ("<style>a{background:url(x)}</style>", "style with url("),
        ("<p style='background:url(x)'>", "p with url("),
    ] {
        assert_eq!(assets(&elements(html)), [asset], "{html}");
    }
    let fine = "<a href=/d/x>x</a><link rel=icon href='data:,'><script>if (1<img) src='a'</script><use href='#x'>";
    assert_eq!(assets(&elements(fine)), Vec::<String>::new());
}
