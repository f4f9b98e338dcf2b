//! Text within a line.

use slides::Inline;
use yew::prelude::*;

/// Text as nodes.
pub fn draw(content: &[Inline]) -> Html {
    content.iter().map(one).collect()
}

fn one(inline: &Inline) -> Html {
    match inline {
        Inline::Text { text } => html! { { text } },
        Inline::Code { text } => html! { <code>{ text }</code> },
        Inline::Emphasis { content } => html! { <em>{ draw(content) }</em> },
        Inline::Strong { content } => html! { <strong>{ draw(content) }</strong> },
        Inline::Strikethrough { content } => html! { <s>{ draw(content) }</s> },
        Inline::Link { url, title, content } => link(url, title, content),
        Inline::Image { url, title, alt } => {
            html! { <img src={url.clone()} alt={alt.clone()} title={(!title.is_empty()).then(|| title.clone())} loading="lazy" /> }
        }
        Inline::Break => html! { <br /> },
        Inline::SoftBreak => html! { { " " } },
        Inline::Span { classes, content } => {
            html! { <span class={self::classes(classes)}>{ draw(content) }</span> }
        }
    }
}

fn link(url: &str, title: &str, content: &[Inline]) -> Html {
    let title = (!title.is_empty()).then(|| title.to_owned());
    if url.starts_with('#') {
        return html! { <a href={url.to_owned()} {title}>{ draw(content) }</a> };
    }
    // A page of another site opens beside the class, which would be gone otherwise.
    html! { <a href={url.to_owned()} {title} target="_blank" rel="noopener noreferrer">{ draw(content) }</a> }
}

/// Classes of a deck, apart from the page's own.
pub fn classes(names: &[String]) -> Classes {
    names.iter().map(|name| format!("d-{name}")).collect()
}
