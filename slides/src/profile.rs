//! What the cluster of a deck has beyond that of every deck.

use serde::{Deserialize, Serialize};

use crate::source::Source;
use crate::split::Property;

/// Something that `profile:` switches on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Profile {
    /// Services of type LoadBalancer get an address, as from a cloud.
    Cloud,
    /// A metrics server, for `kubectl top` and autoscalers.
    Metrics,
}

const PROFILES: [(&str, Profile); 2] = [("cloud", Profile::Cloud), ("metrics", Profile::Metrics)];

/// Those that the properties name, at commas; other names are told.
pub(crate) fn profiles(source: &mut Source, properties: &[Property]) -> Vec<Profile> {
    let mut found = Vec::new();
    for property in properties.iter().filter(|property| property.key == "profile") {
        for name in property.value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match PROFILES.iter().find(|(known, _)| *known == name) {
                Some((_, profile)) => found.push(*profile),
                None => {
                    let message = format!("there is no profile `{name}`");
                    source.warn(
                        property.at,
                        property.key.len(),
                        message,
                        Some("the profiles are `cloud` and `metrics`"),
                    );
                }
            }
        }
    }
    found
}
