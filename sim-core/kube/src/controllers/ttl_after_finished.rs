//! Jobs that have ended go after `ttlSecondsAfterFinished`. Models pkg/controller/ttlafterfinished.

use super::Context;
use super::replica_set::ignore_missing;
use crate::api::batch_v1::job::is_finished;
use crate::api::{JOB, Key, Object, ObjectExt, Status};
use crate::client::{DeleteOptions, Propagation, WorkQueue};
use serde_json::Value;
use sim::Timestamp;
use std::time::Duration;

pub(super) fn start(context: &Context) {
    let jobs = context.informers.informer(JOB);
    let queue = WorkQueue::new(&context.sim);
    let keys = queue.clone();
    jobs.on_change(move |_, new| {
        if let Some(job) = new.filter(|job| needs_cleanup(job)) {
            keys.add(job.key());
        }
    });
    let context = context.clone();
    let keys = queue.clone();
    context.clone().work(&queue, 1, move |key| {
        let (context, keys) = (context.clone(), keys.clone());
        let job = jobs.get_key(&key);
        async move { process(&context, &keys, key, job).await }
    });
}

fn needs_cleanup(job: &Value) -> bool {
    !job.at("/spec/ttlSecondsAfterFinished").is_null() && is_finished(job) && !job.is_terminating()
}

async fn process(context: &Context, queue: &WorkQueue, key: Key, job: Option<Object>) -> Result<(), Status> {
    let Some(job) = job.filter(|job| needs_cleanup(job)) else { return Ok(()) };
    let Some(left) = time_left(&job, context.sim.now().timestamp()) else { return Ok(()) };
    if !left.is_zero() {
        queue.add_after(key, left);
        return Ok(());
    }
    let options = DeleteOptions {
        propagation_policy: Some(Propagation::Foreground),
        uid: Some(job.uid().to_string()),
        ..DeleteOptions::default()
    };
    ignore_missing(context.client.delete(JOB, job.namespace(), job.name(), options).await)
}

/// How long a job that has ended may still stay.
fn time_left(job: &Value, now: Timestamp) -> Option<Duration> {
    let ttl = Duration::from_secs(job.int_at("/spec/ttlSecondsAfterFinished")?.unsigned_abs());
    let ended = job.list_at("/status/conditions").iter().find(|condition| {
        matches!(condition.str_at("/type"), "Complete" | "Failed") && condition.str_at("/status") == "True"
    })?;
    let ended = Timestamp::parse_rfc3339(ended.str_at("/lastTransitionTime"))?;
    Some(ttl.saturating_sub(now.duration_since(ended)))
}
