//! What the page remembers for itself: where the learner is in the deck, and how the page is laid out. The cluster
//! is the worker's to keep. Each is a text: a line a fact, its name before its value.

use litemap::LiteMap;

use super::browser::{self, window};

/// Light, dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

/// How the page is laid out, for every deck.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub theme: Theme,
    /// The slide's share of the page, in percent.
    pub ratio: u32,
    pub cluster: bool,
    pub system_pods: bool,
    pub screen_reader: bool,
}

impl Layout {
    /// As it is at the first visit.
    fn new() -> Self {
        let cluster = !browser::is_narrow();
        Layout { theme: Theme::System, ratio: 46, cluster, system_pods: false, screen_reader: false }
    }

    /// As it was left.
    pub fn load() -> Self {
        let mut layout = Layout::new();
        layout.read(&load("layout").unwrap_or_default());
        layout
    }

    /// Keeps it.
    pub fn save(&self) {
        save("layout", &self.text());
    }

    fn read(&mut self, text: &str) {
        for (name, value) in facts(text) {
            match name {
                "theme" => {
                    self.theme = match value {
                        "light" => Theme::Light,
                        "dark" => Theme::Dark,
                        _ => Theme::System,
                    }
                }
                "ratio" => self.ratio = value.parse().unwrap_or(self.ratio),
                "cluster" => self.cluster = is_yes(value),
                "system-pods" => self.system_pods = is_yes(value),
                "screen-reader" => self.screen_reader = is_yes(value),
                _ => {}
            }
        }
    }

    fn text(&self) -> String {
        let theme = match self.theme {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        let ratio = self.ratio.to_string();
        [
            ("theme", theme),
            ("ratio", &ratio),
            ("cluster", yes_or_no(self.cluster)),
            ("system-pods", yes_or_no(self.system_pods)),
            ("screen-reader", yes_or_no(self.screen_reader)),
        ]
        .iter()
        .map(line)
        .collect()
    }
}

/// Where the learner is in one deck.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bookmark {
    pub slide: usize,
    pub step: usize,
    pub notes: bool,
    pub split: bool,
    pub active: u32,
    pub laptop: bool,
    /// Statuses of the commands that were run.
    pub done: LiteMap<String, i32>,
}

impl Bookmark {
    /// Where the learner left the deck.
    pub fn load(deck: &str) -> Self {
        load(&format!("bookmark:{deck}")).map(|text| Bookmark::of(&text)).unwrap_or_default()
    }

    /// Keeps it.
    pub fn save(&self, deck: &str) {
        save(&format!("bookmark:{deck}"), &self.text());
    }

    fn of(text: &str) -> Self {
        let mut bookmark = Bookmark::default();
        for (name, value) in facts(text) {
            match name {
                "slide" => bookmark.slide = value.parse().unwrap_or_default(),
                "step" => bookmark.step = value.parse().unwrap_or_default(),
                "notes" => bookmark.notes = is_yes(value),
                "split" => bookmark.split = is_yes(value),
                "active" => bookmark.active = value.parse().unwrap_or_default(),
                "laptop" => bookmark.laptop = is_yes(value),
                "done" => {
                    if let Some((status, command)) = value.split_once(' ') {
                        bookmark.done.insert(command.to_owned(), status.parse().unwrap_or_default());
                    }
                }
                _ => {}
            }
        }
        bookmark
    }

    fn text(&self) -> String {
        let facts = [
            ("slide", &*self.slide.to_string()),
            ("step", &self.step.to_string()),
            ("notes", yes_or_no(self.notes)),
            ("split", yes_or_no(self.split)),
            ("active", &self.active.to_string()),
            ("laptop", yes_or_no(self.laptop)),
        ];
        let mut text: String = facts.iter().map(line).collect();
        for (command, status) in self.done.iter() {
            text.push_str(&line(&("done", &format!("{status} {command}"))));
        }
        text
    }
}

fn facts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('\n').filter_map(|line| line.split_once(' '))
}

fn line((name, value): &(&str, &str)) -> String {
    [*name, " ", *value, "\n"].concat()
}

fn yes_or_no(fact: bool) -> &'static str {
    if fact { "yes" } else { "no" }
}

fn is_yes(value: &str) -> bool {
    value == "yes"
}

/// Reads a text back.
pub fn load(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(&format!("podium:{key}")).ok()?
}

/// Keeps a text. A browser that keeps nothing is no reason to stop.
pub fn save(key: &str, text: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(&format!("podium:{key}"), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let mut layout =
            Layout { theme: Theme::Dark, ratio: 60, cluster: true, system_pods: false, screen_reader: true };
        let text = layout.text();
        let kept = layout.clone();
        layout =
            Layout { theme: Theme::Light, ratio: 1, cluster: false, system_pods: true, screen_reader: false };
        layout.read(&text);
        assert_eq!(layout, kept);

        let done = [("a slide.1".to_owned(), 0), ("b.2".to_owned(), 127)].into_iter().collect();
        let bookmark =
            Bookmark { slide: 3, step: 1, split: true, active: 2, laptop: true, done, notes: false };
        assert_eq!(Bookmark::of(&bookmark.text()), bookmark);
    }

    #[test]
    fn what_cannot_be_read_is_passed_over() {
        assert_eq!(
            Bookmark::of("{\"slide\":3}\nstep x\nlater thing\nslide 2"),
            Bookmark { slide: 2, ..Bookmark::default() }
        );
    }
}
