//! Images on a node: pulling them, keeping them, waiting after a failure. Models pkg/kubelet/images.

use super::image::{Image, ImageRef, ImageRegistry, PullError};
use super::notify::Notify;
use crate::api::ObjectExt;
use serde_json::Value;
use sim::{Instant, Rng, Sim, SortedMap};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// An image that a container can be made of.
#[derive(Clone)]
pub struct Present {
    /// Its full name.
    pub reference: ImageRef,
    /// What is in it.
    pub image: Rc<Image>,
}

impl Present {
    /// `docker.io/library/nginx@sha256:…`
    pub fn image_id(&self) -> String {
        format!("{}@{}", self.reference.repository(), self.image.digest)
    }
}

/// Why a container's image is not there; reason and message of its waiting state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageError {
    /// `ErrImagePull`, ...
    pub reason: &'static str,
    /// What happened.
    pub message: String,
}

/// Says what happened: type, reason, message of an event.
pub type Tell<'a> = &'a dyn Fn(&str, &str, &str);

/// The images of one node.
pub struct ImageStore {
    sim: Sim,
    rng: RefCell<Rng>,
    registry: Rc<dyn ImageRegistry>,
    present: RefCell<SortedMap<ImageRef, Rc<Image>>>,
    pulling: RefCell<SortedMap<ImageRef, Rc<Pull>>>,
    back_off: RefCell<SortedMap<String, BackOff>>,
}

/// One download: everybody who wants the same image waits for it.
#[derive(Default)]
struct Pull {
    done: RefCell<Option<Result<Rc<Image>, PullError>>>,
    bell: Notify,
}

impl ImageStore {
    /// A node that has nothing yet.
    pub fn new(sim: &Sim, registry: Rc<dyn ImageRegistry>, node: &str) -> Self {
        ImageStore {
            sim: sim.clone(),
            rng: RefCell::new(sim.rng(&format!("containerd-{node}"))),
            registry,
            present: RefCell::default(),
            pulling: RefCell::default(),
            back_off: RefCell::default(),
        }
    }

    /// Puts an image there without pulling it, as kubeadm does before it starts a node.
    pub fn preload(&self, name: &str) {
        if let Ok(reference) = ImageRef::parse(name)
            && let Ok(image) = self.registry.resolve(&reference)
        {
            self.present.borrow_mut().insert(reference, image);
        }
    }

    /// What is there, for the node's status: names and sizes.
    pub fn list(&self) -> Vec<(Vec<String>, u64)> {
        let present = self.present.borrow();
        let names = |reference: &ImageRef, image: &Image| {
            vec![format!("{}@{}", reference.repository(), image.digest), reference.to_string()]
        };
        present.iter().map(|(reference, image)| (names(reference, image), image.size)).collect()
    }

    /// Makes sure that the image of a container is there. Models `EnsureImageExists`.
    ///
    /// # Errors
    /// With reason and message as `kubectl describe` shows them; the events have been told.
    pub async fn ensure_image_exists(
        &self,
        pod: &Value,
        container: &Value,
        tell: Tell<'_>,
    ) -> Result<Present, ImageError> {
        let name = container.str_at("/image");
        let reference = match ImageRef::parse(name) {
            Ok(reference) => reference,
            Err(cause) => {
                let message = format!(
                    "Failed to apply default image tag \"{name}\": couldn't parse image name \"{name}\": {cause}"
                );
                tell("Warning", "InspectFailed", &message);
                return Err(ImageError { reason: "InvalidImageName", message });
            }
        };
        let present = self.present.borrow().get(&reference).cloned();
        let policy = container.str_at("/imagePullPolicy");
        match (&present, policy) {
            (Some(image), "IfNotPresent" | "Never" | "") => {
                let message = format!(
                    "Container image \"{name}\" already present on machine and can be accessed by the pod"
                );
                tell("Normal", "Pulled", &message);
                return Ok(Present { reference, image: image.clone() });
            }
            (None, "Never") => {
                let message = format!("Container image \"{name}\" is not present with pull policy of Never");
                tell("Warning", "ErrImageNeverPull", &message);
                return Err(ImageError { reason: "ErrImageNeverPull", message });
            }
            _ => {}
        }
        let key = format!("{}_{name}", pod.uid());
        let waiting =
            self.back_off.borrow().get(&key).filter(|b| b.is_active(self.sim.now())).map(|b| b.why.clone());
        if let Some(why) = waiting {
            let message = format!("Back-off pulling image \"{name}\"");
            tell("Normal", "BackOff", &message);
            return Err(ImageError {
                reason: "ImagePullBackOff",
                message: format!("{message}: ErrImagePull: {why}"),
            });
        }
        tell("Normal", "Pulling", &format!("Pulling image \"{name}\""));
        let begin = self.sim.now();
        match self.pull(&reference, present.is_some()).await {
            Ok(image) => {
                self.back_off.borrow_mut().remove(&key);
                let took = go_seconds(self.sim.now() - begin);
                let message = format!(
                    "Successfully pulled image \"{name}\" in {took} ({took} including waiting). Image size: {} bytes.",
                    image.size
                );
                tell("Normal", "Pulled", &message);
                Ok(Present { reference, image })
            }
            Err(error) => {
                let message = reference.pull_error(error);
                let mut back_off = self.back_off.borrow_mut();
                let entry = back_off.entry(key).or_default();
                entry.next(self.sim.now());
                entry.why.clone_from(&message);
                drop(back_off);
                tell("Warning", "Failed", &format!("Failed to pull image \"{name}\": {message}"));
                Err(ImageError { reason: "ErrImagePull", message })
            }
        }
    }

    /// Forgets the back-off of a pod that is gone.
    pub fn forget(&self, pod_uid: &str) {
        self.back_off.borrow_mut().retain(|key, _| !key.starts_with(pod_uid));
    }

    async fn pull(&self, reference: &ImageRef, present: bool) -> Result<Rc<Image>, PullError> {
        let running = self.pulling.borrow().get(reference).cloned();
        if let Some(pull) = running {
            loop {
                let seen = pull.bell.count();
                if let Some(result) = pull.done.borrow().clone() {
                    return result;
                }
                pull.bell.rung_since(seen).await;
            }
        }
        let pull = Rc::new(Pull::default());
        self.pulling.borrow_mut().insert(reference.clone(), pull.clone());
        // A pod that is deleted meanwhile drops this future: whoever waits as well must not wait for ever.
        let abandoned = Abandoned { store: self, reference, pull: &pull };
        let asked = self.rng.borrow_mut().duration(Duration::from_millis(350), Duration::from_millis(800));
        self.sim.sleep(asked).await;
        let result = self.registry.resolve(reference);
        if let Ok(image) = &result
            && !present
        {
            // Some 60 MB a second, and as long again to unpack for the bigger half.
            let millis = 100 + image.size / 40_000;
            let spread = self.rng.borrow_mut().between(90, 120);
            self.sim.sleep(Duration::from_millis(millis * spread / 100)).await;
        }
        if let Ok(image) = &result {
            self.present.borrow_mut().insert(reference.clone(), image.clone());
        }
        *pull.done.borrow_mut() = Some(result.clone());
        drop(abandoned);
        result
    }
}

struct Abandoned<'a> {
    store: &'a ImageStore,
    reference: &'a ImageRef,
    pull: &'a Rc<Pull>,
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        self.store.pulling.borrow_mut().remove(self.reference);
        let mut done = self.pull.done.borrow_mut();
        if done.is_none() {
            // Those who waited ask the registry again by their next sync.
            *done = Some(self.store.registry.resolve(self.reference));
        }
        drop(done);
        self.pull.bell.ring();
    }
}

/// Ten seconds, doubled each time up to five minutes, forgotten after ten minutes of peace. Models
/// client-go/util/flowcontrol/backoff.go with kubelet's parameters.
#[derive(Clone, Debug, Default)]
pub struct BackOff {
    delay: Duration,
    updated: Option<Instant>,
    why: String,
}

impl BackOff {
    const INITIAL: Duration = Duration::from_secs(10);
    const MAX: Duration = Duration::from_secs(300);

    /// Notes a failure.
    pub fn next(&mut self, now: Instant) {
        self.next_since(now, now);
    }

    /// Notes that what went on until `event` has failed.
    pub fn next_since(&mut self, event: Instant, now: Instant) {
        self.delay = match self.updated {
            Some(updated) if event - updated <= 2 * Self::MAX => (self.delay * 2).min(Self::MAX),
            _ => Self::INITIAL,
        };
        self.updated = Some(now);
    }

    /// Whether it is too early to try again, counted from the last failure.
    pub fn is_active(&self, now: Instant) -> bool {
        self.updated.is_some_and(|updated| now < updated + self.delay)
    }

    /// Whether it is too early to try again, counted from `since`.
    pub fn is_active_since(&self, since: Instant, now: Instant) -> bool {
        self.updated.is_some_and(|updated| since - updated <= 2 * Self::MAX) && now < since + self.delay
    }

    /// How long the pause is now.
    pub fn delay(&self) -> Duration {
        self.delay
    }
}

/// A duration to the millisecond, as Go prints it: `1.2s`, `873ms`, `1m2.5s`.
pub fn go_seconds(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis < 1_000 {
        return format!("{millis}ms");
    }
    let (minutes, millis) = (millis / 60_000, millis % 60_000);
    let mut seconds = format!("{}.{:03}", millis / 1_000, millis % 1_000);
    seconds.truncate(seconds.trim_end_matches('0').trim_end_matches('.').len());
    if minutes > 0 { format!("{minutes}m{seconds}s") } else { format!("{seconds}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let mut back_off = BackOff::default();
        let mut now = Instant::ZERO;
        let mut delays = Vec::new();
        for _ in 0..7 {
            assert!(!back_off.is_active(now));
            back_off.next(now);
            assert!(back_off.is_active(now));
            delays.push(back_off.delay().as_secs());
            now += back_off.delay();
        }
        assert_eq!(delays, [10, 20, 40, 80, 160, 300, 300]);
        back_off.next(now + Duration::from_secs(601));
        assert_eq!(back_off.delay().as_secs(), 10);
    }

    #[test]
    fn durations_are_gos() {
        let show = |ms| go_seconds(Duration::from_millis(ms));
        assert_eq!([show(873), show(1_200), show(2_000), show(62_500)], ["873ms", "1.2s", "2s", "1m2.5s"]);
    }
}
