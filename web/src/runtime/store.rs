//! What the page remembers for itself: where the learner is in the deck, and how the page is laid out. The cluster
//! is the worker's to keep.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::browser::{self, window};

/// Light, dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

/// How the page is laid out, for every deck.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    pub theme: Theme,
    /// The slide's share of the page, in percent.
    pub ratio: u32,
    pub cluster: bool,
    pub system_pods: bool,
    pub screen_reader: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Layout {
            theme: Theme::System,
            ratio: 46,
            cluster: !browser::is_narrow(),
            system_pods: false,
            screen_reader: false,
        }
    }
}

/// Where the learner is in one deck.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bookmark {
    pub slide: usize,
    pub step: usize,
    pub notes: bool,
    pub split: bool,
    pub active: u32,
    pub laptop: bool,
    /// Statuses of the commands that were run.
    pub done: BTreeMap<String, i32>,
}

/// Reads something back.
pub fn load<T: DeserializeOwned>(key: &str) -> Option<T> {
    let text = window().local_storage().ok()??.get_item(&format!("podium:{key}")).ok()??;
    serde_json::from_str(&text).ok()
}

/// Keeps something. A browser that keeps nothing is no reason to stop.
pub fn save<T: Serialize>(key: &str, value: &T) {
    if let (Ok(Some(storage)), Ok(text)) = (window().local_storage(), serde_json::to_string(value)) {
        let _ = storage.set_item(&format!("podium:{key}"), &text);
    }
}
