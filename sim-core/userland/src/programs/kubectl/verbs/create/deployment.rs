//! `kubectl create deployment`.

use super::{COMMON, begin, create_generated};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use kube::json;
use serde_json::Value;
use std::rc::Rc;

pub(super) const COMMAND: Command = Command {
    name: "deployment",
    aliases: &["deploy"],
    usage: "NAME --image=image -- [COMMAND] [args...]",
    short: "Create a deployment with the specified name",
    long: "Create a deployment with the specified name.",
    examples: "# Create a deployment named my-dep that runs nginx\nkubectl create deployment my-dep --image=nginx\n\n# Create it with a command of its own\nkubectl create deployment my-dep --image=busybox -- date\n\n# Create it with three replicas\nkubectl create deployment my-dep --image=nginx --replicas=3\n\n# Create it with port 5701 exposed\nkubectl create deployment my-dep --image=busybox --port=5701",
    flags: &[globals::DRY_RUN, globals::PRINT, COMMON, FLAGS],
    required: &["image"],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::slice("image", "Image to run; several make a pod of several containers."),
    Flag::int32("port", "-1", "The port that the containers listen on."),
    Flag::int32("replicas", "1", "How many replicas to create.").short('r'),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let images = k.flags.list("image");
    let command: &[String] = k.flags.dash.map_or(&[], |at| &k.args()[at..]);
    if images.len() > 1 && !command.is_empty() {
        return Err(Error::text("cannot specify multiple --image options and command"));
    }
    create_generated(&k, object(&k, &name, images, command), Some("deployment:")).await
}

fn object(k: &Kubectl, name: &str, images: &[String], command: &[String]) -> Value {
    let containers: Vec<Value> = images
        .iter()
        .map(|image| {
            let mut container = json!({"name": container_name(k, image), "image": image, "resources": {}});
            if !command.is_empty() {
                container["command"] = json!(command);
            }
            if k.flags.int("port") >= 0 {
                container["ports"] = json!([{"containerPort": k.flags.int("port")}]);
            }
            container
        })
        .collect();
    let labels = json!({"app": name});
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": k.flags.int("replicas"),
            "selector": {"matchLabels": labels},
            "strategy": {},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
        "status": {},
    })
}

/// The last part of an image's name, without tag and digest. One that had letters which a name must not have
/// gets five more by chance.
fn container_name(k: &Kubectl, image: &str) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let name = last_part(image);
    if !name.contains(['_', '.']) {
        return name.to_string();
    }
    let drawn: String =
        (0..5).map(|_| LETTERS[(k.sys.random() % LETTERS.len() as u64) as usize] as char).collect();
    format!("{}-{drawn}", name.replace(['_', '.'], "-"))
}

fn last_part(image: &str) -> &str {
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split(['@', ':']).next().unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::last_part;

    #[test]
    fn containers_are_called_after_their_image() {
        let names = ["nginx", "jpetazzo/color", "registry:5000/a/b:v1", "redis@sha256:00"].map(last_part);
        assert_eq!(names, ["nginx", "color", "b", "redis"]);
    }
}
