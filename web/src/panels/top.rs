//! The bar at the top: deck, place, clock, menu.

use podium_protocol::Place;
use yew::prelude::*;

use crate::components::{Menu, MenuItem, Shape, icon, tool};

/// The clock of the world, as the page shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clock {
    pub time: String,
    pub paused: bool,
    pub speed: u32,
    pub skipping: bool,
    pub behind: bool,
}

const SPEEDS: &[u32] = &[1, 2, 5, 10, 25, 100];

/// What the bar shows, and what it is good for.
pub struct Top {
    pub title: String,
    pub place: Place,
    pub on_place: Callback<Place>,
    pub clock: Clock,
    pub on_pause: Callback<()>,
    pub on_speed: Callback<u32>,
    pub on_skip: Callback<()>,
    pub dark: bool,
    pub on_theme: Callback<()>,
    pub menu: Vec<MenuItem>,
    /// A window that only follows has no cluster.
    pub live: bool,
}

/// The bar.
pub fn draw(props: &Top) -> Html {
    let theme = if props.dark { "Light colours" } else { "Dark colours" };
    html! {
        <header class="top">
            <h1><span class="brand">{ "Podium" }</span><span class="deck-title">{ &props.title }</span></h1>
            if props.live {
                { place(props) }
                { clock(props) }
            }
            { tool(theme, if props.dark { Shape::Sun } else { Shape::Moon }, false, props.on_theme.clone()) }
            <Menu label="More" items={props.menu.clone()} class="more">{ icon(Shape::Menu) }</Menu>
        </header>
    }
}

fn place(props: &Top) -> Html {
    let option = |place: Place, label: &'static str, title: &'static str| {
        let on_place = props.on_place.clone();
        let onclick = Callback::from(move |_: MouseEvent| on_place.emit(place));
        html! { <button type="button" aria-pressed={(props.place == place).to_string()} {title} {onclick}>{ label }</button> }
    };
    html! {
        <div class="switch" role="group" aria-label="Where the shell runs">
            { option(Place::Lab, "lab", "On a node of the cluster: internal addresses answer") }
            { option(Place::Laptop, "laptop", "Outside of the cluster, with a kubeconfig") }
        </div>
    }
}

fn clock(props: &Top) -> Html {
    let Clock { time, paused, speed, skipping, behind } = &props.clock;
    let (pause, shape) = if *paused { ("Let time go on", Shape::Play) } else { ("Pause time", Shape::Pause) };
    let speeds = SPEEDS.iter().map(|speed| {
        let (on_speed, speed, now) = (props.on_speed.clone(), *speed, props.clock.speed);
        MenuItem::choice(format!("{speed}×"), speed == now, Callback::from(move |()| on_speed.emit(speed)))
    });
    html! {
        <div class={classes!("clock", paused.then_some("is-paused"))} role="group" aria-label="Time in the cluster">
            { tool(pause, shape, false, props.on_pause.clone()) }
            <time title={if *behind { "busy: time goes slower" } else { "time of day in the cluster" }}
                class={behind.then_some("is-behind")}>{ if time.is_empty() { "--:--:--" } else { time.as_str() } }</time>
            <Menu label={format!("Speed of time: {speed}×")} items={speeds.collect::<Vec<_>>()} class="speed">{ format!("{speed}×") }</Menu>
            { tool("Skip to the next thing that happens", Shape::Skip, *skipping, props.on_skip.clone()) }
        </div>
    }
}
