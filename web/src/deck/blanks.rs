//! What belongs in a blank, looked up in the live cluster.

use podium_protocol::{PodView, View};
use slides::{Blank, BlankKind, Command};

/// Every value that fits, the likeliest first.
pub fn candidates(blank: &Blank, view: &View) -> Vec<String> {
    match &blank.kind {
        BlankKind::PodAddress { owner } => {
            let owned = |pod: &&PodView| owner.as_deref().is_none_or(|owner| belongs_to(&pod.name, owner));
            pods(view).filter(owned).filter(|pod| !pod.ip.is_empty()).map(|pod| pod.ip.clone()).collect()
        }
        BlankKind::PodName { prefix } => pods(view)
            .filter(|pod| pod.name.starts_with(prefix.as_str()))
            .map(|pod| pod.name.clone())
            .collect(),
        BlankKind::ServiceAddress { service } => {
            let meant = |name: &str| match service {
                Some(service) => service == name,
                None => name != "kubernetes",
            };
            let services = view.services.iter().filter(|s| s.namespace == "default" && meant(&s.name));
            services.filter(|s| s.cluster_ip != "None").map(|s| s.cluster_ip.clone()).collect()
        }
        BlankKind::Other => Vec::new(),
    }
}

/// What the blank is for, for those who wonder.
pub fn wants(blank: &Blank) -> &'static str {
    match blank.kind {
        BlankKind::PodAddress { .. } => "the address of a pod",
        BlankKind::PodName { .. } => "the name of a pod",
        BlankKind::ServiceAddress { .. } => "the address of a Service",
        BlankKind::Other => "something that only you know",
    }
}

/// The value of each blank of a command, where there is one: what was chosen as long as it exists, else the
/// likeliest.
pub fn values(
    command: &Command,
    view: &View,
    chosen: impl Fn(usize) -> Option<String>,
) -> Vec<Option<String>> {
    let value = |(index, blank): (usize, &Blank)| {
        let all = candidates(blank, view);
        chosen(index).filter(|value| all.contains(value)).or_else(|| all.into_iter().next())
    };
    command.blanks().enumerate().map(value).collect()
}

/// The command as typed.
pub fn text(command: &Command, values: &[Option<String>]) -> String {
    let mut values = values.iter();
    command.text(|_| values.next().cloned().flatten())
}

/// Pods of the default namespace, those that run first.
fn pods(view: &View) -> impl Iterator<Item = &PodView> {
    let all = || view.pods.iter().filter(|pod| pod.namespace == "default" && pod.status != "Terminating");
    all().filter(|pod| pod.status == "Running").chain(all().filter(|pod| pod.status != "Running"))
}

fn belongs_to(pod: &str, owner: &str) -> bool {
    pod == owner || pod.strip_prefix(owner).is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, ip: &str, status: &str) -> PodView {
        let text = |text: &str| text.to_owned();
        PodView {
            namespace: text("default"),
            name: text(name),
            ip: text(ip),
            status: text(status),
            ..PodView::default()
        }
    }

    #[test]
    fn running_pods_of_the_deployment_come_first() {
        let pods = vec![
            pod("blue-1-a", "", "Pending"),
            pod("bluebird-1-b", "10.0.0.1", "Running"),
            pod("blue-1-c", "10.0.0.2", "Running"),
            pod("blue-1-d", "10.0.0.3", "Terminating"),
        ];
        let view = View { pods, ..View::default() };
        let blank = |kind| Blank { text: "X".into(), kind };
        let address = blank(BlankKind::PodAddress { owner: Some("blue".into()) });
        assert_eq!(candidates(&address, &view), ["10.0.0.2"]);
        let name = blank(BlankKind::PodName { prefix: "blue-".into() });
        assert_eq!(candidates(&name, &view), ["blue-1-c", "blue-1-a"]);
    }
}
