//! Icons, drawn as strokes in the colour of the text.

use yew::prelude::*;

/// What it shows.
#[derive(Clone, Copy, PartialEq)]
pub enum Shape {
    Back,
    Close,
    Copy,
    Forward,
    Insert,
    Menu,
    Moon,
    Pause,
    Play,
    Plus,
    Skip,
    Split,
    Sun,
    Tick,
    Undo,
}

impl Shape {
    fn path(self) -> &'static str {
        match self {
            Shape::Back => "M12.5 4.5 7 10l5.5 5.5",
            Shape::Close => "M5.5 5.5l9 9m0-9l-9 9",
            Shape::Copy => "M7.5 7.5h8v8h-8zM12.5 7.5v-3h-8v8h3",
            Shape::Forward => "M7.5 4.5 13 10l-5.5 5.5",
            Shape::Insert => "M4 6l4 4-4 4m6.5 0H16",
            Shape::Menu => "M4 10h.01M10 10h.01M16 10h.01",
            Shape::Moon => "M16 11.5A6.5 6.5 0 1 1 8.5 4a5 5 0 0 0 7.5 7.5z",
            Shape::Pause => "M7.5 5v10M12.5 5v10",
            Shape::Play => "M7 4.8v10.4l8-5.2z",
            Shape::Plus => "M10 4.5v11M4.5 10h11",
            Shape::Skip => "M5 5l7 5-7 5zM14.5 5v10",
            Shape::Split => "M3.5 4.5h13v11h-13zM3.5 10h13",
            Shape::Sun => {
                "M10 6.8a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4zM10 2.5v1.6M10 15.9v1.6M2.5 10h1.6M15.9 10h1.6M4.7 4.7l1.1 1.1M14.2 14.2l1.1 1.1M15.3 4.7l-1.1 1.1M5.8 14.2l-1.1 1.1"
            }
            Shape::Tick => "M4.5 10.5l3.8 3.8 7.2-8.6",
            Shape::Undo => "M7.5 4.5 4 8l3.5 3.5M4 8h7.5a4 4 0 0 1 0 8H8",
        }
    }
}

/// An icon; what it means is said beside it.
pub fn icon(shape: Shape) -> Html {
    html! {
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            <path d={shape.path()} />
        </svg>
    }
}
