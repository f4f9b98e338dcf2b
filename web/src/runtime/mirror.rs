//! Windows that show the same deck keep to the same slide.

use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

/// The other windows of this deck.
pub struct Mirror {
    channel: BroadcastChannel,
    _listener: Closure<dyn FnMut(MessageEvent)>,
}

impl Mirror {
    /// Listens for slides that other windows turn to, as `slide` and `step`.
    pub fn new(deck: &str, on_turn: impl Fn(usize, usize) + 'static) -> Option<Self> {
        let channel = BroadcastChannel::new(&format!("podium:{deck}")).ok()?;
        let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let text = event.data().as_string().unwrap_or_default();
            let mut numbers = text.split(' ').filter_map(|number| number.parse().ok());
            if let (Some(slide), Some(step)) = (numbers.next(), numbers.next()) {
                on_turn(slide, step);
            }
        });
        channel.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        Some(Mirror { channel, _listener: listener })
    }

    /// Tells the others.
    pub fn turn(&self, slide: usize, step: usize) {
        let _ = self.channel.post_message(&format!("{slide} {step}").into());
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.channel.close();
    }
}
