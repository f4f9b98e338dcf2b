//! A slide.

use slides::{Alignment, Block, BlockKind, Code, Item, Part, Slide, Table};
use yew::prelude::*;

use super::command::{self, Stage};
use super::inline::{self, classes};

/// Draws a slide as it is at one of its steps.
pub fn draw(slide: &Slide, step: usize, stage: &Stage) -> Html {
    html! {
        <article class={classes!("slide", classes(&slide.classes))} key={slide.number} aria-label={slide.title_text()}>
            if slide.is_extra() {
                <p class="extra-badge">{ "Extra details" }</p>
            }
            { blocks(&slide.blocks, step, stage) }
        </article>
    }
}

/// Draws the speaker's notes.
pub fn notes(slide: &Slide, stage: &Stage) -> Html {
    let outline = |language: &str| -> Html {
        let entries = slide.notes.outline.iter().filter(|entry| entry.language == language);
        entries
            .map(|entry| html! { <li lang={language.to_ascii_lowercase()}>{ inline::draw(&entry.content) }</li> })
            .collect()
    };
    let mut languages: Vec<&str> = slide.notes.outline.iter().map(|entry| entry.language.as_str()).collect();
    languages.dedup();
    html! {
        <>
            if slide.notes.blocks.is_empty() && languages.is_empty() {
                <p class="muted">{ "No notes on this slide." }</p>
            }
            { blocks(&slide.notes.blocks, usize::MAX, stage) }
            { for languages.into_iter().map(|language| html! {
                <><h3>{ format!("Outline ({language})") }</h3><ul>{ outline(language) }</ul></>
            }) }
        </>
    }
}

fn blocks(blocks: &[Block], step: usize, stage: &Stage) -> Html {
    blocks.iter().filter(|block| block.step <= step).map(|block| one(&block.kind, step, stage)).collect()
}

fn one(kind: &BlockKind, step: usize, stage: &Stage) -> Html {
    match kind {
        BlockKind::Heading { level, content } => heading(*level, inline::draw(content)),
        BlockKind::Paragraph { content } => html! { <p>{ inline::draw(content) }</p> },
        BlockKind::List { start, items } => list(*start, items, step, stage),
        BlockKind::Quote { blocks: inner } => {
            html! { <blockquote>{ blocks(inner, step, stage) }</blockquote> }
        }
        BlockKind::Code(code) => self::code(code),
        BlockKind::Command(command) => command::draw(command, stage),
        BlockKind::Table(table) => self::table(table),
        BlockKind::Rule => html! { <hr /> },
        BlockKind::Container { classes: names, blocks: inner } => {
            html! { <div class={classes(names)}>{ blocks(inner, step, stage) }</div> }
        }
        BlockKind::Lab(lab) => html! {
            <section class={classes!("lab", classes(&lab.classes))} aria-label="Lab">
                <p class="lab-badge">{ "Lab" }</p>
                { blocks(&lab.blocks, step, stage) }
            </section>
        },
    }
}

fn heading(level: u8, content: Html) -> Html {
    match level {
        // A deck's `#` and `##` both title a slide.
        1 | 2 => html! { <h2>{ content }</h2> },
        3 => html! { <h3>{ content }</h3> },
        4 => html! { <h4>{ content }</h4> },
        _ => html! { <h5>{ content }</h5> },
    }
}

fn list(start: Option<u64>, items: &[Item], step: usize, stage: &Stage) -> Html {
    let item = |item: &Item| {
        let body = blocks(&item.blocks, step, stage);
        match item.task {
            None => html! { <li>{ body }</li> },
            Some(ticked) => {
                let said = if ticked { "done" } else { "to do" };
                html! { <li class="task"><span class="box" role="img" aria-label={said}>{ if ticked { "☑" } else { "☐" } }</span>{ body }</li> }
            }
        }
    };
    let items: Html = items.iter().filter(|item| item.step <= step).map(item).collect();
    match start {
        None => html! { <ul>{ items }</ul> },
        Some(start) => html! { <ol start={start.to_string()}>{ items }</ol> },
    }
}

fn code(code: &Code) -> Html {
    let part = |part: &Part| match part {
        Part::Text(text) => html! { { text } },
        Part::Marked(text) => html! { <mark>{ text }</mark> },
        Part::Blank(blank) => html! { <span class="chip is-empty">{ &blank.text }</span> },
    };
    let line = |line: &Vec<Part>| html! { <>{ for line.iter().map(part) }{ "\n" }</> };
    html! { <pre class="code" tabindex="0"><code>{ for code.lines.iter().map(line) }</code></pre> }
}

fn table(table: &Table) -> Html {
    let class = |column: usize| match table.alignments.get(column) {
        Some(Alignment::Center) => Some("centre"),
        Some(Alignment::Right) => Some("right"),
        _ => None,
    };
    let row = |row: &Vec<Vec<slides::Inline>>| {
        let cells = row
            .iter()
            .enumerate()
            .map(|(at, cell)| html! { <td class={class(at)}>{ inline::draw(cell) }</td> });
        html! { <tr>{ for cells }</tr> }
    };
    let head = table.head.iter().enumerate();
    html! {
        <div class="table" tabindex="0" role="group" aria-label="Table">
            <table>
                <thead><tr>{ for head.map(|(at, cell)| html! { <th scope="col" class={class(at)}>{ inline::draw(cell) }</th> }) }</tr></thead>
                <tbody>{ for table.rows.iter().map(row) }</tbody>
            </table>
        </div>
    }
}
