//! How replicas move from old sets to the new one. Models pkg/controller/deployment/{rolling,recreate,sync}.go.

use super::replica_sets::{desired_annotation, find_new, max_annotation, newest_first};
use super::{Controller, replicas, total};
use crate::api::{Object, ObjectExt, Status, pod};
use serde_json::Value;
use sim::Ordered;

impl Controller {
    /// True when `spec.replicas` has changed since the sets were last scaled.
    pub(super) fn is_scaling(&self, deployment: &Object, sets: &[Object]) -> bool {
        sets.iter()
            .filter(|set| replicas(set) > 0)
            .any(|set| desired_annotation(set).is_some_and(|desired| desired != replicas(deployment)))
    }

    pub(super) async fn roll_out_rolling(
        &self,
        deployment: &Object,
        sets: Vec<Object>,
    ) -> Result<(), Status> {
        let (new, old) = self.new_and_old(deployment, sets, true).await?;
        let Some(new) = new else { return Ok(()) };
        let mut all = old.clone();
        all.push(new.clone());
        let wanted = self.new_set_replicas(deployment, &old, &new);
        if replicas(&new) != wanted {
            let scaled = self.scale(deployment, &new, wanted).await?;
            return self.sync_status(deployment, Some(&scaled), &old, true).await;
        }
        if self.scale_down_old(deployment, &all, &new, &old).await? {
            return self.sync_status(deployment, Some(&new), &old, true).await;
        }
        if self.is_complete(deployment, &all) {
            self.clean_up(deployment, &old).await?;
        }
        self.sync_status(deployment, Some(&new), &old, true).await
    }

    pub(super) async fn roll_out_recreate(
        &self,
        deployment: &Object,
        sets: Vec<Object>,
    ) -> Result<(), Status> {
        let (new, old) = self.new_and_old(deployment, sets, false).await?;
        let mut scaled_down = false;
        for set in old.iter().filter(|set| replicas(set) > 0) {
            self.scale(deployment, set, 0).await?;
            scaled_down = true;
        }
        let old_pods_run = old.iter().any(|set| {
            self.pods.list_namespace(set.namespace()).iter().any(|pod| {
                pod.controller_of().is_some_and(|owner| owner.str_at("/uid") == set.uid())
                    && !matches!(pod::phase(pod), "Succeeded" | "Failed")
            })
        });
        if scaled_down || old_pods_run {
            return self.sync_status(deployment, new.as_ref(), &old, true).await;
        }
        let mut sets = old;
        sets.extend(new);
        let (new, old) = self.new_and_old(deployment, sets, true).await?;
        let Some(mut new) = new else { return Ok(()) };
        if replicas(&new) != replicas(deployment) {
            new = self.scale(deployment, &new, replicas(deployment)).await?;
        }
        let mut all = old.clone();
        all.push(new.clone());
        if self.is_complete(deployment, &all) {
            self.clean_up(deployment, &old).await?;
        }
        self.sync_status(deployment, Some(&new), &old, true).await
    }

    /// Only the size changed, or the deployment is paused: every set keeps its share.
    pub(super) async fn sync_scale(&self, deployment: &Object, sets: Vec<Object>) -> Result<(), Status> {
        let (new, old) = self.new_and_old(deployment, sets, false).await?;
        let mut active: Vec<Object> =
            old.iter().chain(&new).filter(|set| replicas(set) > 0).cloned().collect();
        newest_first(&mut active);
        match active.as_slice() {
            [only] => {
                if replicas(only) != replicas(deployment) {
                    self.scale(deployment, only, replicas(deployment)).await?;
                }
            }
            [] => {
                let latest = new.clone().or_else(|| {
                    let mut sets = old.clone();
                    newest_first(&mut sets);
                    sets.into_iter().next()
                });
                if let Some(set) = latest {
                    self.scale(deployment, &set, replicas(deployment)).await?;
                }
            }
            several => self.scale_in_proportion(deployment, several, new.as_ref()).await?,
        }
        if deployment.bool_at("/spec/paused") {
            self.clean_up(deployment, &old).await?;
        }
        self.sync_status(deployment, new.as_ref(), &old, false).await
    }

    async fn scale_in_proportion(
        &self,
        deployment: &Object,
        active: &[Object],
        new: Option<&Object>,
    ) -> Result<(), Status> {
        // Once the new set can carry all, old ones only go down.
        if let Some(new) = new.filter(|set| is_saturated(deployment, set)) {
            for set in active.iter().filter(|set| set.uid() != new.uid()) {
                self.scale(deployment, set, 0).await?;
            }
            return Ok(());
        }
        if deployment.str_at("/spec/strategy/type") == "Recreate" {
            return Ok(());
        }
        let present: i64 = active.iter().map(|set| replicas(set)).sum();
        let allowed = if replicas(deployment) > 0 { replicas(deployment) + max_surge(deployment) } else { 0 };
        let to_add = allowed - present;
        let mut sorted = active.to_vec();
        sorted.order_by_key(|set| std::cmp::Reverse(replicas(set)));
        let mut added = 0;
        let mut sizes: Vec<i64> = Vec::new();
        for set in &sorted {
            let mut size = replicas(set);
            if to_add != 0 {
                let share = proportion(deployment, set, to_add, added);
                size += share;
                added += share;
            }
            sizes.push(size);
        }
        if let Some(first) = sizes.first_mut() {
            *first = (*first + to_add - added).max(0);
        }
        for (set, size) in sorted.iter().zip(sizes) {
            self.scale(deployment, set, size).await?;
        }
        Ok(())
    }

    /// How many replicas the new set should have now: as many as the surge leaves room for.
    pub(super) fn new_set_replicas(&self, deployment: &Object, old: &[Object], new: &Value) -> i64 {
        let desired = replicas(deployment);
        if deployment.str_at("/spec/strategy/type") == "Recreate" {
            return desired;
        }
        let own = replicas(new);
        let present: i64 =
            old.iter().filter(|set| set.uid() != new.uid()).map(|set| replicas(set)).sum::<i64>() + own;
        let most = desired + max_surge(deployment);
        if present >= most && own <= desired {
            return own;
        }
        if own > desired {
            return desired;
        }
        own + (most - present).min(desired - own)
    }

    /// Takes replicas from old sets as far as availability allows; says whether it did.
    async fn scale_down_old(
        &self,
        deployment: &Object,
        all: &[Object],
        new: &Object,
        old: &[Object],
    ) -> Result<bool, Status> {
        let old_count: i64 = old.iter().map(|set| replicas(set)).sum();
        if old_count == 0 {
            return Ok(false);
        }
        let all_count: i64 = all.iter().map(|set| replicas(set)).sum();
        let min_available = replicas(deployment) - max_unavailable(deployment);
        let new_unavailable = replicas(new) - new.int_at("/status/availableReplicas").unwrap_or(0);
        let mut room = all_count - min_available - new_unavailable;
        if room <= 0 {
            return Ok(false);
        }
        // First those that do not serve anyway, then the others, the oldest set first.
        let mut sorted = old.to_vec();
        sorted.order_by_key(|set| (set.creation_timestamp().to_string(), set.name().to_string()));
        let mut changed = false;
        for set in &mut sorted {
            let unhealthy = replicas(set) - set.int_at("/status/availableReplicas").unwrap_or(0);
            let take = room.min(unhealthy).min(replicas(set));
            if take > 0 {
                *set = self.scale(deployment, set, replicas(set) - take).await?;
                room -= take;
                changed = true;
            }
        }
        let mut spare = total(all, "/status/availableReplicas") - min_available;
        for set in &sorted {
            let take = spare.min(replicas(set));
            if take > 0 {
                self.scale(deployment, set, replicas(set) - take).await?;
                spare -= take;
                changed = true;
            }
        }
        Ok(changed)
    }

    /// Everything runs the present template and is available.
    pub(super) fn is_complete(&self, deployment: &Object, all: &[Object]) -> bool {
        let desired = replicas(deployment);
        let updated = find_new(deployment, all).and_then(|set| set.int_at("/status/replicas")).unwrap_or(0);
        updated == desired
            && total(all, "/status/replicas") == desired
            && total(all, "/status/availableReplicas") == desired
    }
}

fn is_saturated(deployment: &Object, set: &Object) -> bool {
    replicas(set) == replicas(deployment)
        && desired_annotation(set) == Some(replicas(deployment))
        && set.int_at("/status/availableReplicas").unwrap_or(0) == replicas(deployment)
}

fn proportion(deployment: &Object, set: &Object, to_add: i64, added: i64) -> i64 {
    let own = replicas(set);
    if own == 0 || to_add == 0 || to_add == added {
        return 0;
    }
    let now = replicas(deployment) + max_surge(deployment);
    let before = max_annotation(set)
        .filter(|&max| max > 0)
        .unwrap_or(deployment.int_at("/status/replicas").unwrap_or(1));
    let fraction = (own as f64 * now as f64 / before.max(1) as f64).round() as i64 - own;
    let allowed = to_add - added;
    if to_add > 0 { fraction.min(allowed) } else { fraction.max(allowed) }
}

/// `maxSurge` in pods: percentages are rounded up.
pub(super) fn max_surge(deployment: &Object) -> i64 {
    if deployment.str_at("/spec/strategy/type") == "Recreate" {
        return 0;
    }
    int_or_percent(deployment.at("/spec/strategy/rollingUpdate/maxSurge"), replicas(deployment), true)
}

/// `maxUnavailable` in pods: percentages are rounded down, but both cannot be nothing.
pub(super) fn max_unavailable(deployment: &Object) -> i64 {
    if deployment.str_at("/spec/strategy/type") == "Recreate" || replicas(deployment) == 0 {
        return 0;
    }
    let pods = int_or_percent(
        deployment.at("/spec/strategy/rollingUpdate/maxUnavailable"),
        replicas(deployment),
        false,
    );
    if pods == 0 && max_surge(deployment) == 0 { 1 } else { pods.min(replicas(deployment)) }
}

fn int_or_percent(value: &Value, of: i64, round_up: bool) -> i64 {
    match value {
        Value::Number(number) => number.as_i64().unwrap_or(0),
        Value::String(text) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(0);
            let product = percent * of;
            if round_up { (product + 99).div_euclid(100) } else { product.div_euclid(100) }
        }
        _ => int_or_percent(&Value::from("25%"), of, round_up),
    }
}
