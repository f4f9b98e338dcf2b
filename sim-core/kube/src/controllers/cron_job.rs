//! CronJobs: a job whenever it is time. Models pkg/controller/cronjob.

mod missed;

use super::Context;
use super::replica_set::ignore_missing;
use crate::api::batch_v1::job::{has_condition, is_finished};
use crate::api::batch_v1::schedule::Schedule;
use crate::api::{self, CRON_JOB, JOB, Key, Object, ObjectExt, Status, time_zone};
use crate::client::{DeleteOptions, Informer, Propagation, WorkQueue};
use crate::json;
use missed::{Missed, most_recent};
use serde_json::Value;
use sim::Ordered;
use sim::Timestamp;
use std::borrow::Cow;
use std::time::Duration;

const WORKERS: usize = 5;
const BY_CONTROLLER: &str = "cron-job-uid";
/// When a schedule is due, the controller looks this much later.
const DELTA: Duration = Duration::from_millis(100);
/// When a job was to begin.
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

pub(super) fn start(context: &Context) {
    let controller = Controller {
        context: context.clone(),
        cron_jobs: context.informers.informer(CRON_JOB),
        jobs: context.informers.informer(JOB),
        queue: WorkQueue::new(&context.sim),
    };
    controller.jobs.add_index(BY_CONTROLLER, |job| job.controller_uid().map(Cow::from).into_iter().collect());
    let queue = controller.queue.clone();
    controller.cron_jobs.on_change(move |old, new| {
        if let Some(cron_job) = new.or(old) {
            queue.add(cron_job.key());
        }
    });
    let queue = controller.queue.clone();
    controller.jobs.on_change(move |old, new| {
        if let Some(job) = new.or(old)
            && let Some(owner) = job.controller_of().filter(|owner| owner.kind() == CRON_JOB.kind)
        {
            queue.add(Key::new(job.namespace(), owner.str_at("/name")));
        }
    });
    let queue = controller.queue.clone();
    context.work(&queue, WORKERS, move |key| {
        let controller = controller.clone();
        async move { controller.reconcile(key).await }
    });
}

#[derive(Clone)]
struct Controller {
    context: Context,
    cron_jobs: Informer,
    jobs: Informer,
    queue: WorkQueue,
}

impl Controller {
    async fn reconcile(&self, key: Key) -> Result<(), Status> {
        let Some(cron_job) = self.cron_jobs.get_key(&key) else { return Ok(()) };
        let jobs = self.jobs.by_index(BY_CONTROLLER, cron_job.uid());
        let mut changed = (*cron_job).clone();
        let outcome = self.sync(&mut changed, &jobs).await;
        self.clean_up(&mut changed, &jobs).await;
        if changed.list_at("/status/active").is_empty() {
            api::remove(&mut changed, "/status/active");
        }
        if changed.at("/status") != cron_job.at("/status") {
            ignore_missing(self.context.client.update_status(CRON_JOB, changed).await)?;
        }
        if let Some(wait) = outcome? {
            self.queue.add_after(key, wait);
        }
        Ok(())
    }

    fn event(&self, cron_job: &Value, kind: &str, reason: &str, message: impl AsRef<str>) {
        self.context.events.event(cron_job, kind, reason, message);
    }

    /// Notices what has become of jobs, and creates one if it is time; says when to look again.
    async fn sync(&self, cron_job: &mut Value, jobs: &[Object]) -> Result<Option<Duration>, Status> {
        self.notice(cron_job, jobs).await?;
        if cron_job.is_terminating() {
            return Ok(None);
        }
        let now = self.context.sim.now().timestamp();
        let zone = cron_job.str_at("/spec/timeZone").to_string();
        if !zone.is_empty() && time_zone::offset(&zone, now).is_none() {
            let message = format!("invalid timeZone: {zone:?}: unknown time zone {zone}");
            self.event(cron_job, "Warning", "UnknownTimeZone", message);
            return Ok(None);
        }
        if cron_job.bool_at("/spec/suspend") {
            return Ok(None);
        }
        let text = cron_job.str_at("/spec/schedule").to_string();
        let schedule = match Schedule::parse(&text, &zone) {
            Ok(schedule) => schedule,
            Err(why) => {
                let message = format!("unparseable schedule: {text:?} : {why}");
                self.event(cron_job, "Warning", "UnparseableSchedule", message);
                return Ok(None);
            }
        };
        let again = |cron_job: &Value| {
            let (earliest, recent, _) = most_recent(cron_job, now, &schedule, false);
            let from = recent.unwrap_or(earliest);
            schedule.next(from).map(|next| next.duration_since(now) + DELTA)
        };
        let (_, due, missed) = most_recent(cron_job, now, &schedule, true);
        let Some(due) = due else { return Ok(again(cron_job)) };
        if missed == Missed::Many {
            let message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
            self.event(cron_job, "Warning", "TooManyMissedTimes", message);
        }
        let deadline = cron_job.int_at("/spec/startingDeadlineSeconds").map(i64::unsigned_abs);
        if deadline.is_some_and(|seconds| now.duration_since(due) > Duration::from_secs(seconds)) {
            let message = format!("Missed scheduled time to start a job: {}", rfc1123(due));
            self.event(cron_job, "Warning", "MissSchedule", message);
            return Ok(again(cron_job));
        }
        let name = format!("{}-{}", cron_job.name(), due.seconds / 60);
        let active = cron_job.list_at("/status/active").to_vec();
        if active.iter().any(|job| job.str_at("/name") == name)
            || cron_job.str_at("/status/lastScheduleTime") == due.rfc3339()
        {
            return Ok(again(cron_job));
        }
        match cron_job.str_at("/spec/concurrencyPolicy") {
            "Forbid" if !active.is_empty() => {
                let message =
                    "Not starting job because prior execution is running and concurrency policy is Forbid";
                self.event(cron_job, "Normal", "JobAlreadyActive", message);
                return Ok(again(cron_job));
            }
            "Replace" => {
                for job in active {
                    self.delete_job(cron_job, job.str_at("/name"), job.str_at("/uid")).await?;
                }
            }
            _ => {}
        }
        let job = job_from_template(cron_job, &name, due, &zone);
        let made = match self.context.client.create(JOB, cron_job.namespace(), job).await {
            Ok(made) => {
                self.event(cron_job, "Normal", "SuccessfulCreate", format!("Created job {name}"));
                made
            }
            Err(status) if status.is_already_exists() => {
                let job = self.context.client.get(JOB, cron_job.namespace(), &name).await?;
                if job.controller_uid() != Some(cron_job.uid()) {
                    return Ok(None);
                }
                job
            }
            Err(status) => {
                let message = format!("Error creating job: {}", status.message);
                self.event(cron_job, "Warning", "FailedCreate", message);
                return Err(status);
            }
        };
        let mut list = cron_job.list_at("/status/active").to_vec();
        list.push(json!({
            "apiVersion": JOB.api_version(), "kind": JOB.kind, "name": made.name(), "namespace": made.namespace(),
            "resourceVersion": made.resource_version(), "uid": made.uid(),
        }));
        api::set(cron_job, "/status/active", list.into());
        api::set(cron_job, "/status/lastScheduleTime", json!(due.rfc3339()));
        Ok(again(cron_job))
    }

    /// Jobs that have ended or gone leave the list of active ones.
    async fn notice(&self, cron_job: &mut Value, jobs: &[Object]) -> Result<(), Status> {
        for job in jobs {
            let active = cron_job.list_at("/status/active").iter().any(|a| a.str_at("/uid") == job.uid());
            if !active && !is_finished(job) {
                let fresh = self.context.client.get(CRON_JOB, cron_job.namespace(), cron_job.name()).await?;
                if fresh.list_at("/status/active").iter().any(|a| a.str_at("/uid") == job.uid()) {
                    *cron_job = (*fresh).clone();
                    continue;
                }
                let message =
                    format!("Saw a job that the controller did not create or forgot: {}", job.name());
                self.event(cron_job, "Warning", "UnexpectedJob", message);
            } else if active && is_finished(job) {
                let status = if has_condition(job, "Complete") { "Complete" } else { "Failed" };
                deactivate(cron_job, job.uid());
                let message = format!("Saw completed job: {}, status: {status}", job.name());
                self.event(cron_job, "Normal", "SawCompletedJob", message);
            }
            let ended = job.str_at("/status/completionTime");
            if has_condition(job, "Complete") && ended > cron_job.str_at("/status/lastSuccessfulTime") {
                api::set(cron_job, "/status/lastSuccessfulTime", json!(ended));
            }
        }
        for active in cron_job.list_at("/status/active").to_vec() {
            if jobs.iter().any(|job| job.uid() == active.str_at("/uid")) {
                continue;
            }
            let name = active.str_at("/name");
            match self.context.client.get(JOB, active.str_at("/namespace"), name).await {
                Err(status) if status.is_not_found() => {
                    self.event(cron_job, "Normal", "MissingJob", format!("Active job went missing: {name}"));
                    deactivate(cron_job, active.str_at("/uid"));
                }
                Err(status) => return Err(status),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// The oldest jobs that have ended go, as many as are too many.
    async fn clean_up(&self, cron_job: &mut Value, jobs: &[Object]) {
        for (kind, limit) in
            [("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")]
        {
            let Some(limit) = cron_job.int_at(&format!("/spec/{limit}")) else { continue };
            let mut ended: Vec<&Object> = jobs.iter().filter(|job| has_condition(job, kind)).collect();
            ended.order_by_key(|job| (job.str_at("/status/startTime").to_string(), job.name().to_string()));
            let surplus = ended.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
            for job in &ended[..surplus] {
                // What fails is said in an event, and tried again with the next change.
                let _: Result<(), Status> = self.delete_job(cron_job, job.name(), job.uid()).await;
            }
        }
    }

    async fn delete_job(&self, cron_job: &mut Value, name: &str, uid: &str) -> Result<(), Status> {
        let options =
            DeleteOptions { propagation_policy: Some(Propagation::Background), ..DeleteOptions::default() };
        if let Err(status) = self.context.client.delete(JOB, cron_job.namespace(), name, options).await {
            let message = format!("Deleted job: {}", status.message);
            self.event(cron_job, "Warning", "FailedDelete", message);
            return Err(status);
        }
        deactivate(cron_job, uid);
        self.event(cron_job, "Normal", "SuccessfulDelete", format!("Deleted job {name}"));
        Ok(())
    }
}

fn deactivate(cron_job: &mut Value, uid: &str) {
    let mut active = cron_job.list_at("/status/active").to_vec();
    active.retain(|job| job.str_at("/uid") != uid);
    api::set(cron_job, "/status/active", active.into());
}

fn job_from_template(cron_job: &Value, name: &str, due: Timestamp, zone: &str) -> Value {
    let template = cron_job.at("/spec/jobTemplate");
    let mut job = api::new_object(JOB, cron_job.namespace(), name);
    if !template.labels().is_empty() {
        api::set(&mut job, "/metadata/labels", Value::Object(template.labels().clone()));
    }
    let mut annotations = template.annotations().clone();
    annotations.insert(SCHEDULED.to_string(), json!(local_rfc3339(due, zone)));
    api::set(&mut job, "/metadata/annotations", Value::Object(annotations));
    api::set(&mut job, "/metadata/ownerReferences", json!([api::owner_reference(cron_job, CRON_JOB)]));
    api::set(&mut job, "/spec", template.at("/spec").clone());
    job
}

/// A time with the offset of its zone: `2026-01-05T09:00:00+01:00`.
fn local_rfc3339(time: Timestamp, zone: &str) -> String {
    let offset = time_zone::offset(zone, time).unwrap_or(0);
    if offset == 0 {
        return time.rfc3339();
    }
    let local = i64::try_from(time.seconds).unwrap_or(i64::MAX).saturating_add(offset);
    let local = Timestamp { seconds: local.unsigned_abs(), ..time }.rfc3339();
    let (sign, away) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
    format!("{}{sign}{:02}:{:02}", local.trim_end_matches('Z'), away / 3_600, away / 60 % 60)
}

/// `Mon, 05 Jan 2026 08:00:00 +0000`.
fn rfc1123(time: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let c = time.civil();
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
        DAYS[usize::from(c.weekday) % 7],
        c.day,
        MONTHS[usize::from(c.month.max(1) - 1) % 12],
        c.year,
        c.hour,
        c.minute,
        c.second
    )
}
