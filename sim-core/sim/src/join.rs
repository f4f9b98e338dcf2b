//! Several things at the same time.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Something on its way.
type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Waits until all are done; the outcomes are in the order of the futures. Boxed, so that there is one such code for
/// each type of outcomes and not one for each future.
pub async fn join_all<'a, T, F>(futures: impl IntoIterator<Item = F>) -> Vec<T>
where
    F: Future<Output = T> + 'a,
{
    joined(futures.into_iter().map(|future| -> Pending<'a, T> { Box::pin(future) }).collect()).await
}

async fn joined<T>(futures: Vec<Pending<'_, T>>) -> Vec<T> {
    let mut slots: Vec<(Option<Pending<'_, T>>, Option<T>)> =
        futures.into_iter().map(|future| (Some(future), None)).collect();
    poll_fn(|cx| {
        let mut waits = false;
        for (future, outcome) in &mut slots {
            let Some(running) = future else { continue };
            match running.as_mut().poll(cx) {
                Poll::Ready(value) => (*future, *outcome) = (None, Some(value)),
                Poll::Pending => waits = true,
            }
        }
        if waits { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    slots.into_iter().filter_map(|(_, outcome)| outcome).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Duration, Instant, Sim};
    use std::cell::RefCell;
    use std::rc::Rc;

    #[test]
    fn outcomes_are_in_order_and_take_as_long_as_the_longest() {
        let sim = Sim::new(1);
        let seen = Rc::new(RefCell::new(None));
        let (clock, out) = (sim.clone(), seen.clone());
        sim.spawn(async move {
            let waits = [3u64, 1, 2].map(|seconds| {
                let clock = clock.clone();
                async move {
                    clock.sleep(Duration::from_secs(seconds)).await;
                    seconds
                }
            });
            let outcomes = join_all(waits).await;
            *out.borrow_mut() = Some((outcomes, clock.now()));
        });
        sim.advance(Instant::ZERO + Duration::from_secs(9), u64::MAX);
        let (outcomes, at) = seen.take().expect("all are done after three seconds");
        assert_eq!((outcomes, at.duration_since(Instant::ZERO)), (vec![3, 1, 2], Duration::from_secs(3)));
    }
}
