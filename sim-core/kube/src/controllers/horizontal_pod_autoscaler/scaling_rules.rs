//! What becomes of a proposal: not outside the bounds, not too fast, and down only when it has been so for a while.
//! Models the second half of pkg/controller/podautoscaler/horizontal.go, from `normalizeDesiredReplicas` on.

use crate::api::ObjectExt;
use serde_json::Value;
use sim::Instant;
use std::time::Duration;

/// `--horizontal-pod-autoscaler-downscale-stabilization`, in seconds.
const DOWNSCALE_STABILIZATION_S: i64 = 300;

/// What a controller remembers of an autoscaler.
#[derive(Default)]
pub struct History {
    /// What was proposed, and when.
    recommendations: Vec<(i64, Instant)>,
    /// How many replicas were added, and when.
    scale_ups: Vec<(i64, Instant)>,
    /// How many were taken away.
    scale_downs: Vec<(i64, Instant)>,
}

/// Between what the number of replicas may be.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// `minReplicas`
    pub least: i64,
    /// `maxReplicas`
    pub most: i64,
}

/// What is done about a proposal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// How many replicas there are to be.
    pub desired: i64,
    /// Whether that waits for better times: the reason of the condition `AbleToScale`.
    pub able: &'static str,
    /// The condition `ScalingLimited`.
    pub limited: bool,
    /// Its reason.
    pub limit: &'static str,
}

impl History {
    /// Remembers how many replicas there were at first. Models `recordInitialRecommendation`.
    pub fn begin(&mut self, current: i64, now: Instant) {
        if self.recommendations.is_empty() {
            self.recommendations.push((current, now));
        }
    }

    /// Models `normalizeDesiredReplicas` and, with rules in `behavior`, `normalizeDesiredReplicasWithBehaviors`.
    pub fn normalize(
        &mut self,
        behavior: &Value,
        current: i64,
        proposed: i64,
        bounds: Bounds,
        now: Instant,
    ) -> Decision {
        let (stabilized, desired, limit, stable);
        if behavior.is_null() {
            let window = Duration::from_secs(DOWNSCALE_STABILIZATION_S as u64);
            self.recommendations.retain(|(_, when)| now.duration_since(*when) <= window);
            stabilized = self.recommendations.iter().map(|(count, _)| *count).fold(proposed, i64::max);
            self.recommendations.push((proposed, now));
            stable = "ScaleDownStabilized";
            (desired, limit) = within_bounds(current, stabilized, bounds);
        } else {
            stabilized = self.stabilize(behavior, current, proposed, now);
            stable = if proposed >= current { "ScaleUpStabilized" } else { "ScaleDownStabilized" };
            (desired, limit) = self.within_rate(behavior, current, stabilized, bounds, now);
        }
        let able = if stabilized == proposed { "ReadyForNewScale" } else { stable };
        Decision { desired, able, limited: desired != stabilized, limit }
    }

    /// Models `stabilizeRecommendationWithBehaviors`.
    fn stabilize(&mut self, behavior: &Value, current: i64, proposed: i64, now: Instant) -> i64 {
        let window = |path, otherwise| {
            let seconds = behavior.int_at(path).unwrap_or(otherwise);
            Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
        };
        let up_window = window("/scaleUp/stabilizationWindowSeconds", 0);
        let down_window = window("/scaleDown/stabilizationWindowSeconds", DOWNSCALE_STABILIZATION_S);
        let (mut up, mut down) = (proposed, proposed);
        for (count, when) in &self.recommendations {
            let age = now.duration_since(*when);
            if age < up_window {
                up = up.min(*count);
            }
            if age < down_window {
                down = down.max(*count);
            }
        }
        self.recommendations.retain(|(_, when)| now.duration_since(*when) <= up_window.max(down_window));
        self.recommendations.push((proposed, now));
        current.max(up).min(down)
    }

    /// Models `convertDesiredReplicasWithBehaviorRate`.
    fn within_rate(
        &self,
        behavior: &Value,
        current: i64,
        desired: i64,
        bounds: Bounds,
        now: Instant,
    ) -> (i64, &'static str) {
        if desired > current {
            let limit = self.limit(behavior.at("/scaleUp"), current, true, now).max(current);
            let (most, why) =
                if bounds.most > limit { (limit, "ScaleUpLimit") } else { (bounds.most, "TooManyReplicas") };
            if desired > most {
                return (most, why);
            }
        } else if desired < current {
            let limit = self.limit(behavior.at("/scaleDown"), current, false, now).min(current);
            let (least, why) = if bounds.least < limit {
                (limit, "ScaleDownLimit")
            } else {
                (bounds.least, "TooFewReplicas")
            };
            if desired < least {
                return (least, why);
            }
        }
        (desired, "DesiredWithinRange")
    }

    /// How far the rules let it go now. Models `calculateScaleUpLimitWithScalingRules` and
    /// `calculateScaleDownLimitWithBehaviors`.
    fn limit(&self, rules: &Value, current: i64, up: bool, now: Instant) -> i64 {
        let select = rules.str_at("/selectPolicy");
        if select == "Disabled" {
            return current;
        }
        // The smallest change up is the least number of replicas, the smallest change down the largest.
        let highest = (select == "Min") != up;
        let mut result = i64::from(if highest { i32::MIN } else { i32::MAX });
        for policy in rules.list_at("/policies") {
            let (value, period) = (policy.int_at("/value").unwrap_or(0), period(policy));
            let start = current - sum(&self.scale_ups, period, now) + sum(&self.scale_downs, period, now);
            let share = value as f64 / 100.0;
            let proposed = match (policy.str_at("/type") == "Pods", up) {
                (true, true) => start + value,
                (true, false) => start - value,
                // A percentage of few pods must not come to nothing.
                (false, true) => (start as f64 * (1.0 + share)).ceil() as i64,
                (false, false) => (start as f64 * (1.0 - share)) as i64,
            };
            result = if highest { result.max(proposed) } else { result.min(proposed) };
        }
        result
    }

    /// Remembers a change for as long as a rule asks for it. Models `storeScaleEvent`.
    pub fn store_scale_event(&mut self, behavior: &Value, before: i64, after: i64, now: Instant) {
        let (events, rules) = if after > before {
            (&mut self.scale_ups, "/scaleUp/policies")
        } else {
            (&mut self.scale_downs, "/scaleDown/policies")
        };
        let longest = behavior.list_at(rules).iter().map(period).max().unwrap_or_default();
        events.retain(|(_, when)| now.duration_since(*when) <= longest);
        if !behavior.is_null() {
            events.push(((after - before).abs(), now));
        }
    }
}

fn period(policy: &Value) -> Duration {
    Duration::from_secs(u64::try_from(policy.int_at("/periodSeconds").unwrap_or(0)).unwrap_or(0))
}

fn sum(events: &[(i64, Instant)], period: Duration, now: Instant) -> i64 {
    events.iter().filter(|(_, when)| now.duration_since(*when) < period).map(|(count, _)| count).sum()
}

/// Without rules: twice as many at most, or four. Models `convertDesiredReplicasWithRules`.
fn within_bounds(current: i64, desired: i64, bounds: Bounds) -> (i64, &'static str) {
    let limit = current.saturating_mul(2).max(4);
    let (most, why) =
        if bounds.most > limit { (limit, "ScaleUpLimit") } else { (bounds.most, "TooManyReplicas") };
    if desired < bounds.least {
        (bounds.least, "TooFewReplicas")
    } else if desired > most {
        (most, why)
    } else {
        (desired, "DesiredWithinRange")
    }
}
