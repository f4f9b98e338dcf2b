//! The cluster as it is now: nodes with their pods, Services with their endpoints.

use std::rc::Rc;

use podium_protocol::{NodeView, PodView, ServiceView, View};
use yew::prelude::*;

use crate::components::pressed;

#[derive(PartialEq, Properties)]
pub struct Props {
    pub view: Rc<View>,
    /// Show `kube-system` too.
    pub system: bool,
    pub on_system: Callback<()>,
}

const SYSTEM: &str = "kube-system";

/// A component of its own, so that it is drawn again only when something in it has changed.
pub struct Cluster;

impl Component for Cluster {
    type Message = ();
    type Properties = Props;

    fn create(_: &Context<Self>) -> Self {
        Cluster
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let view = &props.view;
        let shown = |namespace: &str| props.system || namespace != SYSTEM;
        let pods_on = |node: &str| -> Vec<&PodView> {
            view.pods.iter().filter(|pod| pod.node == node && shown(&pod.namespace)).collect()
        };
        let waiting = pods_on("");
        html! {
            <section class="cluster" aria-label="Cluster">
                <header>
                    <h2>{ "Cluster" }</h2>
                    <button type="button" class="quiet" aria-pressed={props.system.to_string()} onclick={pressed(props.on_system.clone())}>{ "kube-system" }</button>
                </header>
                <div class="cluster-body" tabindex="0" role="group" aria-label="Nodes, pods and Services">
                    <ul class="nodes" aria-label="Nodes">
                        { for view.nodes.iter().map(|node| draw_node(node, &pods_on(&node.name))) }
                        if !waiting.is_empty() {
                            <li class="node is-waiting">
                                <h3>{ "not scheduled" }</h3>
                                <ul aria-label="Pods that wait for a node">{ for waiting.iter().map(|pod| draw_pod(pod)) }</ul>
                            </li>
                        }
                    </ul>
                    <h3 class="services-title">{ "Services" }</h3>
                    <ul class="services" aria-label="Services">
                        { for view.services.iter().filter(|service| shown(&service.namespace)).map(draw_service) }
                    </ul>
                </div>
            </section>
        }
    }
}

fn draw_node(node: &NodeView, pods: &[&PodView]) -> Html {
    html! {
        <li class={classes!("node", (!node.ready).then_some("is-bad"))} key={node.name.clone()}>
            <h3>
                { &node.name }<small>{ &node.address }</small>
                if !node.ready { <span class="state bad">{ "NotReady" }</span> }
            </h3>
            if pods.is_empty() {
                <p class="muted">{ "no pods" }</p>
            } else {
                <ul aria-label={format!("Pods on {}", node.name)}>{ for pods.iter().map(|pod| draw_pod(pod)) }</ul>
            }
        </li>
    }
}

fn draw_pod(pod: &PodView) -> Html {
    let ready = pod.ready.split_once('/').is_some_and(|(ready, all)| ready == all);
    let mood = match pod.status.as_str() {
        "Running" if ready => "good",
        "Completed" | "Succeeded" => "over",
        "Running" | "Pending" | "ContainerCreating" | "Terminating" => "busy",
        _ => "bad",
    };
    html! {
        <li class={classes!("pod", mood)} key={format!("{}/{}", pod.namespace, pod.name)}>
            <span class="pod-name" title={format!("{}/{}", pod.namespace, pod.name)}>{ &pod.name }</span>
            <span class="pod-facts">
                <span class={classes!("state", mood)}>{ &pod.status }</span>
                <span>{ if pod.ip.is_empty() { "no address" } else { pod.ip.as_str() } }</span>
            </span>
        </li>
    }
}

fn draw_service(service: &ServiceView) -> Html {
    let count = service.endpoints.len();
    let endpoints = match count {
        0 => "no endpoints".to_owned(),
        1 => "1 endpoint".to_owned(),
        _ => format!("{count} endpoints"),
    };
    html! {
        <li class="service" key={format!("{}/{}", service.namespace, service.name)}>
            <span class="service-name">{ &service.name }</span>
            <span class="muted">{ &service.kind }</span>
            <span>{ &service.cluster_ip }{ " " }<span class="muted">{ &service.ports }</span></span>
            <span class={classes!("endpoints", (count == 0).then_some("none"))} title={service.endpoints.join(" ")}>
                { endpoints }
                <span class="muted addresses">{ service.endpoints.join(" ") }</span>
            </span>
        </li>
    }
}
