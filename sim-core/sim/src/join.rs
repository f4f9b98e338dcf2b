//! Several things at the same time.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// Waits until all are done; the outcomes are in the order of the futures. What is awaited is boxed and gives nothing
/// back, so that there is one such code and not one for each future.
pub async fn join_all<'a, T, F>(futures: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: 'a,
    F: Future<Output = T> + 'a,
{
    let outcomes: Rc<RefCell<Vec<Option<T>>>> = Rc::default();
    let mut running: Vec<Pin<Box<dyn Future<Output = ()> + 'a>>> = Vec::new();
    for future in futures {
        let (place, all) = (running.len(), outcomes.clone());
        running.push(Box::pin(async move {
            let outcome = future.await;
            all.borrow_mut()[place] = Some(outcome);
        }));
    }
    outcomes.borrow_mut().resize_with(running.len(), || None);
    futures_util::future::join_all(running).await;
    outcomes.take().into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Duration, Instant, Sim};

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
