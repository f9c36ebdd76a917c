//! Markdown as HTML: the prose of playbooks, of which HTML is no part.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

use crate::visible::visible;

/// What is read beside CommonMark.
pub const OPTIONS: Options = Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH);

/// The HTML of a Markdown text, in which all that would be HTML is text.
pub fn html(markdown: &str) -> String {
    let markdown = visible(markdown);
    let events = Parser::new_ext(&markdown, OPTIONS).filter_map(|event| {
        Some(match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => Event::Start(Tag::Link {
                link_type,
                dest_url: harmless(dest_url),
                title,
                id,
            }),
            // An image would be fetched from elsewhere.
            Event::Start(Tag::Image { dest_url, .. }) => Event::Code(dest_url),
            Event::End(TagEnd::Image) => return None,
            event => event,
        })
    });
    let mut text = String::new();
    pulldown_cmark::html::push_html(&mut text, events);
    text
}

/// A link that runs a script is none.
fn harmless(link: CowStr<'_>) -> CowStr<'_> {
    let scheme = link
        .split_once(':')
        .map(|(scheme, _)| scheme.trim().to_lowercase());
    match scheme.as_deref() {
        None | Some("http" | "https" | "mailto") => link,
        Some(scheme) if scheme.contains(['/', '?', '#']) => link,
        Some(_) => CowStr::Borrowed("#"),
    }
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn a_link_is_followed_where_it_leads_to_a_page() {
        insta::assert_snapshot!(html("[a](https://a.example) [b](JavaScript:x) [c](x.md) ![d](https://a.example/d.png)"), @r##"<p><a href="https://a.example">a</a> <a href="#">b</a> <a href="x.md">c</a> <code>https://a.example/d.png</code>d</p>"##);
    }

    #[test]
    fn html_in_prose_is_text_and_links_only_lead_somewhere() {
        let text = "Some *prose* with `<code>`, <script>alert(1)</script>, <!-- a comment\n\n\
                    [a](javascript:alert(1)) [b](https://www.postgresql.org) ![c](http://e.g/x.png)";
        insta::assert_snapshot!(html(text), @r##"
        <p>Some <em>prose</em> with <code>&lt;code&gt;</code>, &lt;script&gt;alert(1)&lt;/script&gt;, &lt;!-- a comment</p>
        <p><a href="#">a</a> <a href="https://www.postgresql.org">b</a> <code>http://e.g/x.png</code>c</p>
        "##);
    }
}
