//! Control groups: how much of the machine the processes of a container have used, and may use. Models cgroups(7),
//! version 2, with the bandwidth control of kernel/sched/fair.c.

use sim::{Duration, Instant};
use std::cell::Cell;
use std::rc::Rc;

/// `cpu.max` counts by this period.
const PERIOD: Duration = Duration::from_millis(100);

/// A control group: the machine's own, or a container's below it.
#[derive(Debug, Default)]
pub struct Cgroup {
    parent: Option<Rc<Cgroup>>,
    used: Cell<Duration>,
    /// Processor time in a period; nothing for as much as there is.
    quota: Cell<Option<Duration>>,
    /// The latest period that was run in, and what was used in it.
    period: Cell<(Instant, Duration)>,
}

impl Cgroup {
    /// A machine's own, with so many processors.
    pub(crate) fn root(cpus: u32) -> Rc<Cgroup> {
        Rc::new(Cgroup { quota: Cell::new(Some(PERIOD * cpus)), ..Cgroup::default() })
    }

    /// One below it.
    pub(crate) fn child(parent: &Rc<Cgroup>) -> Rc<Cgroup> {
        Rc::new(Cgroup { parent: Some(parent.clone()), ..Cgroup::default() })
    }

    /// Sets `cpu.max`, in thousandths of a processor; 0 for no limit.
    pub fn set_cpu_max(&self, millis: u64) {
        let quota = (millis > 0).then(|| PERIOD * u32::try_from(millis).unwrap_or(u32::MAX) / 1000);
        self.quota.set(quota);
    }

    /// Processor time that was used by its processes, `cpu.stat`'s `usage_usec`; a machine's includes that of its
    /// containers.
    pub(crate) fn used(&self) -> Duration {
        self.used.get()
    }

    pub(crate) fn charge(&self, time: Duration) {
        self.used.set(self.used.get() + time);
        if let Some(parent) = &self.parent {
            parent.charge(time);
        }
    }

    /// Lets a process run for `time` from `now` on: how long that takes where others run, too, and a quota may be
    /// used up. Who comes first is served first.
    pub(crate) fn run(&self, now: Instant, time: Duration) -> Duration {
        let own = self.quota.get().map_or(time, |quota| self.run_within(quota, now, time));
        self.parent.as_ref().map_or(own, |parent| own.max(parent.run(now, time)))
    }

    fn run_within(&self, quota: Duration, now: Instant, time: Duration) -> Duration {
        let (mut start, mut used) = self.period.get();
        if now >= start + PERIOD {
            let into = now.as_nanos() % PERIOD.as_nanos() as u64;
            (start, used) = (Instant::from_nanos(now.as_nanos() - into), Duration::ZERO);
        }
        let (mut at, mut left) = (now.max(start), time);
        while left > quota.saturating_sub(used) && !quota.is_zero() {
            left -= quota.saturating_sub(used);
            start += PERIOD;
            (at, used) = (start, Duration::ZERO);
        }
        self.period.set((start, used + left));
        (at + left).duration_since(now)
    }
}

/// What the processes of a container, or of a whole machine, take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time since the beginning.
    pub cpu: Duration,
    /// Memory now, in KiB.
    pub memory_kib: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn at(millis: u64) -> Instant {
        Instant::ZERO + ms(millis)
    }

    #[test]
    fn half_a_processor_takes_twice_as_long() {
        let machine = Cgroup::root(2);
        let group = Cgroup::child(&machine);
        group.set_cpu_max(500);
        // 50 ms in each of three periods, 10 in the fourth.
        assert_eq!(group.run(at(0), ms(160)), ms(310));
        // The next waits behind it.
        assert_eq!(group.run(at(310), ms(50)), ms(100));
        group.set_cpu_max(0);
        assert_eq!(group.run(at(500), ms(160)), ms(160));
    }

    #[test]
    fn three_that_want_all_share_two_processors() {
        let machine = Cgroup::root(2);
        let groups = [0; 3].map(|_| Cgroup::child(&machine));
        let mut ends = [Instant::ZERO; 3];
        for _ in 0..300 {
            // Whoever is free first goes on, as events do.
            let next = (0..3).min_by_key(|&i| ends[i]).expect("there are three");
            ends[next] = ends[next] + groups[next].run(ends[next], ms(10));
        }
        // Three seconds of work on two processors.
        assert!(ends.iter().all(|end| (1_400..=1_600).contains(&(end.as_nanos() / 1_000_000))), "{ends:?}");
    }

    #[test]
    fn a_machine_counts_what_its_containers_use() {
        let machine = Cgroup::root(2);
        let group = Cgroup::child(&machine);
        group.charge(ms(3));
        machine.charge(ms(4));
        assert_eq!((group.used(), machine.used()), (ms(3), ms(7)));
    }
}
