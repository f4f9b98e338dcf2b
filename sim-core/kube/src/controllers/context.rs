//! What every controller gets: a client of its own name, the shared informers, a recorder of events.

use crate::api::{Key, Status};
use crate::apiserver::ApiServer;
use crate::client::{Client, EventRecorder, InformerFactory, WorkQueue};
use sim::Sim;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// The surroundings of one controller.
#[derive(Clone)]
pub struct Context {
    /// The clock.
    pub sim: Sim,
    /// The API server, as `system:serviceaccount:kube-system:NAME`.
    pub client: Client,
    /// Caches shared by all controllers.
    pub informers: InformerFactory,
    /// Events in the controller's name.
    pub events: EventRecorder,
    api: ApiServer,
}

impl Context {
    pub(super) fn new(sim: &Sim, api: &ApiServer) -> Self {
        let client = Client::new(api, "system:kube-controller-manager");
        let informers = InformerFactory::new(&client);
        let events = EventRecorder::new(&client, "kube-controller-manager", "");
        Context { sim: sim.clone(), client, informers, events, api: api.clone() }
    }

    /// The same surroundings under a controller's own name.
    pub(super) fn named(&self, controller: &str) -> Self {
        let client = Client::new(&self.api, &format!("system:serviceaccount:kube-system:{controller}"));
        let events = EventRecorder::new(&client, controller, "");
        Context { client, events, ..self.clone() }
    }

    /// The same surroundings, with events in another name than the controller's.
    pub(super) fn reporting_as(&self, component: &str) -> Self {
        Context { events: EventRecorder::new(&self.client, component, ""), ..self.clone() }
    }

    /// Reconciles keys from `queue` with `workers` workers, once the informers have their first list. A key that
    /// fails comes back later, each time after a longer pause.
    pub(super) fn work<F, R>(&self, queue: &WorkQueue, workers: usize, reconcile: F)
    where
        F: Fn(Key) -> R + 'static,
        R: Future<Output = Result<(), Status>> + 'static,
    {
        // Boxed, so that there is one worker's code and not one for each controller.
        let reconcile: Rc<Reconcile> = Rc::new(move |key| Box::pin(reconcile(key)));
        for _ in 0..workers {
            let worker = worker(queue.clone(), self.informers.clone(), reconcile.clone());
            self.sim.spawn(worker);
        }
    }
}

/// What a controller does about a key.
type Reconcile = dyn Fn(Key) -> Pin<Box<dyn Future<Output = Result<(), Status>>>>;

async fn worker(queue: WorkQueue, informers: InformerFactory, reconcile: Rc<Reconcile>) {
    informers.wait_for_sync().await;
    while let Some(key) = queue.get().await {
        match reconcile(key.clone()).await {
            Ok(()) => queue.forget(&key),
            Err(_) => queue.add_rate_limited(key.clone()),
        }
        queue.done(&key);
    }
}
