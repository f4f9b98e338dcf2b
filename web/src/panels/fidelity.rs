//! How real this is, on a sheet: the figures that the comparison with the real kubectl left behind.

use yew::prelude::*;

use crate::components::Dialog;

/// Lines of `what TAB name TAB compared TAB equal`, written by the run that compares.
const FIGURES: &str = include_str!("../../../docs/fidelity.tsv");

struct Figure {
    what: &'static str,
    name: &'static str,
    compared: &'static str,
    equal: &'static str,
}

fn figures() -> impl Iterator<Item = Figure> {
    FIGURES.lines().filter_map(|line| {
        let mut cells = line.split('\t');
        let mut next = || cells.next();
        Some(Figure { what: next()?, name: next()?, compared: next()?, equal: next()? })
    })
}

/// The sheet.
pub fn draw(on_close: Callback<()>) -> Html {
    let sum = |what| figures().find(|figure| figure.what == what);
    let (all, help) = (sum("all"), sum("help"));
    html! {
        <Dialog title="How real is this?" {on_close} class="fidelity">
            if let Some(all) = all {
                <p><strong>{ format!("{} of {} commands", all.equal, all.compared) }</strong>
                    { " give the same answer here and with the real kubectl 1.35 on the same cluster: output, errors and exit status, to the letter." }</p>
            }
            if let Some(help) = help {
                <p>{ format!("Help texts are in our own words; {} of {} state the same usage, options and defaults. ", help.equal, help.compared) }</p>
            }
            <p>{ "What is not simulated says so, and nothing is invented. " }
                <a href="fidelity.md" target="_blank">{ "All figures, and what differs" }</a></p>
            <div class="figures" tabindex="0" role="group" aria-label="Figures">
                { table("verb", "Command") }
                { table("kind", "Kind") }
            </div>
        </Dialog>
    }
}

fn table(what: &'static str, title: &'static str) -> Html {
    let rows = figures().filter(|figure| figure.what == what).map(|figure| {
        html! { <tr><th scope="row">{ figure.name }</th><td>{ figure.compared }</td><td>{ figure.equal }</td></tr> }
    });
    html! {
        <table>
            <thead><tr><th scope="col">{ title }</th><th scope="col">{ "compared" }</th><th scope="col">{ "equal" }</th></tr></thead>
            <tbody>{ for rows }</tbody>
        </table>
    }
}
