//! The load balancers of the `cloud` profile: an address from outside for every Service of type LoadBalancer.
//!
//! What a cloud controller manager does: it orders a balancer, which takes its time, and writes the address into the
//! Service's status. The router sends that address to a node, whose kube-proxy does the rest.

use crate::api::{Key, Object, ObjectExt, SERVICE};
use crate::apiserver::ApiServer;
use crate::client::{Client, EventRecorder, InformerFactory, Patch, WorkQueue};
use crate::json;
use ipnet::{IpNet, Ipv4Net};
use linux::net::{Net, NetnsId, Route};
use serde_json::Value;
use sim::{Sim, SortedMap};
use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::Duration;

/// Addresses count up from here.
const FIRST: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 101);

/// Starts it.
pub(super) fn start(sim: &Sim, net: &Net, router: NetnsId, api: &ApiServer) {
    // The router lets the laptop's side through to the balancers.
    let opened =
        net.iptables_restore(router, "*filter\n-I FORWARD -d 203.0.113.0/24 -j ACCEPT\nCOMMIT\n", true);
    assert!(opened.is_ok(), "the rule is a constant that iptables accepts: {opened:?}");
    let client = Client::new(api, "system:serviceaccount:kube-system:cloud-controller-manager");
    let events = EventRecorder::new(&client, "service-controller", "");
    let informers = InformerFactory::new(&client);
    let services = informers.informer(SERVICE);
    let queue = WorkQueue::new(sim);
    let adding = queue.clone();
    services.on_change(move |old, new| {
        let wants = |service: &&Object| service.str_at("/spec/type") == "LoadBalancer";
        if let Some(service) = old.filter(wants).or(new.filter(wants)) {
            adding.add(service.key());
        }
    });
    let mut rng = sim.rng("cloud");
    let (sim, net) = (sim.clone(), net.clone());
    let balancers: Rc<RefCell<SortedMap<Key, Ipv4Addr>>> = Rc::default();
    sim.clone().spawn(async move {
        informers.wait_for_sync().await;
        while let Some(key) = queue.get().await {
            let service = services.get_key(&key).filter(|s| s.str_at("/spec/type") == "LoadBalancer");
            let known = balancers.borrow().get(&key).copied();
            match (service, known) {
                (None, Some(address)) => {
                    balancers.borrow_mut().remove(&key);
                    let _ = net.del_route(router, IpNet::V4(Ipv4Net::from(address)), None);
                }
                (Some(service), None) => {
                    events.event(&service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer");
                    sim.sleep(rng.duration(Duration::from_secs(8), Duration::from_secs(20))).await;
                    let address = free_address(&balancers.borrow());
                    balancers.borrow_mut().insert(key.clone(), address);
                    let _ = net.add_route(router, route_to(address));
                    let ingress = json!([{"ip": address.to_string(), "ipMode": "VIP"}]);
                    let status: Value = json!({"status": {"loadBalancer": {"ingress": ingress}}});
                    if client
                        .patch_status(SERVICE, &key.namespace, &key.name, Patch::Merge(status))
                        .await
                        .is_ok()
                    {
                        events.event(&service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer");
                    } else {
                        queue.add_rate_limited(key.clone());
                    }
                }
                _ => {}
            }
            queue.done(&key);
        }
    });
}

fn free_address(balancers: &SortedMap<Key, Ipv4Addr>) -> Ipv4Addr {
    let first = u32::from(FIRST);
    let free = (first..first + 100).map(Ipv4Addr::from).find(|ip| !balancers.values().any(|used| used == ip));
    free.unwrap_or(FIRST)
}

/// A balancer sends everything to the first node; its kube-proxy spreads it.
fn route_to(address: Ipv4Addr) -> Route {
    Route::via(IpNet::V4(Ipv4Net::from(address)), IpAddr::V4(super::node_address(1)))
}
