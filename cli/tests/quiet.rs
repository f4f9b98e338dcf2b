//! A cluster that nobody touches comes to rest, whatever state it is in: controllers that answer each other without end
//! would cost a learner's machine all of its time, and show in no single answer.

use sim_core::{Config, Sim, bench};

/// What a cluster is left in; each on a fresh one.
const STATES: &[(&str, &str)] = &[
    (
        "a Deployment that is paused",
        "kubectl create deploy web --image=nginx; sleep 20; kubectl rollout pause deploy web",
    ),
    (
        "one that is changed and scaled while it is paused",
        "kubectl create deploy web --image=nginx; kubectl rollout pause deploy web; sleep 9; kubectl scale deploy web --replicas=3; kubectl set image deploy web nginx=nginx:2",
    ),
    ("one whose image is not there", "kubectl create deploy web --image=nosuch/image --replicas=2"),
    (
        "one past its deadline",
        "kubectl create deploy web --image=nginx; kubectl patch deploy web -p '{\"spec\":{\"progressDeadlineSeconds\":20}}'; sleep 9; kubectl set image deploy web nginx=nosuch",
    ),
    (
        "Recreate with an image that is not there",
        "kubectl create deploy web --image=nginx; kubectl patch deploy web -p '{\"spec\":{\"strategy\":{\"type\":\"Recreate\",\"rollingUpdate\":null}}}'; sleep 9; kubectl set image deploy web nginx=nosuch",
    ),
    ("a container that always ends", "kubectl run loops --image=alpine -- false"),
    (
        "a pod that fits nowhere",
        "kubectl run huge --image=nginx --overrides='{\"spec\":{\"nodeName\":\"\",\"nodeSelector\":{\"a\":\"b\"}}}'",
    ),
    (
        "a quota that is used up",
        "kubectl create quota q --hard=pods=1; kubectl create deploy web --image=nginx --replicas=3",
    ),
    ("a Job that fails", "kubectl create job fails --image=alpine -- false"),
    (
        "a CronJob that is suspended",
        "kubectl create cronjob c --image=alpine --schedule='* * * * *' -- true; kubectl patch cronjob c -p '{\"spec\":{\"suspend\":true}}'",
    ),
    (
        "a budget that forbids every eviction",
        "kubectl create deploy web --image=nginx --replicas=2; kubectl create pdb p --selector=app=web --min-available=2; sleep 9; kubectl drain node2 --ignore-daemonsets --timeout=9s",
    ),
    (
        "a node that takes no pods",
        "kubectl cordon node2 node3; kubectl create deploy web --image=nginx --replicas=3",
    ),
    (
        "a taint that evicts",
        "kubectl create deploy web --image=nginx --replicas=4; sleep 9; kubectl taint nodes --all k=v:NoExecute",
    ),
    (
        "an autoscaler without metrics",
        "kubectl create deploy web --image=nginx; kubectl autoscale deploy web --max=3 --cpu=50%",
    ),
    (
        "an object with a finalizer that nobody removes",
        "kubectl create cm c --from-literal=a=b; kubectl patch cm c -p '{\"metadata\":{\"finalizers\":[\"a.io/b\"]}}'; kubectl delete cm c --wait=false",
    ),
    (
        "a namespace that such an object holds",
        "kubectl create ns n; kubectl -n n create cm c; kubectl -n n patch cm c -p '{\"metadata\":{\"finalizers\":[\"a.io/b\"]}}'; kubectl delete ns n --wait=false",
    ),
    (
        "two Deployments that select the same pods",
        "kubectl create deploy a --image=nginx --replicas=2; kubectl get deploy a -o yaml | sed 's/name: a$/name: b/; /uid\\|resourceVersion/d' | kubectl create -f -",
    ),
    (
        "replica sets without their Deployment",
        "kubectl create deploy web --image=nginx --replicas=2; sleep 9; kubectl delete deploy web --cascade=orphan",
    ),
    (
        "a Service without pods",
        "kubectl create service clusterip lonely --tcp=80; kubectl create service externalname out --external-name=example.com",
    ),
    (
        "Endpoints by hand",
        "kubectl create service clusterip none --clusterip=None --tcp=80; kubectl annotate ep none a=b; kubectl label ep none c=d",
    ),
    (
        "a StatefulSet that waits for its first pod",
        "kubectl create deploy s --image=nosuch --dry-run=client -o yaml | sed 's/kind: Deployment/kind: StatefulSet/; s/replicas: 1/replicas: 3\\n  serviceName: s/; /strategy:/d; /status:/d' | kubectl create -f -",
    ),
    (
        "a claim that nobody fills",
        "printf 'apiVersion: v1\\nkind: PersistentVolumeClaim\\nmetadata: {name: p}\\nspec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}' | kubectl create -f -",
    ),
    (
        "a replica set that somebody scales by hand",
        "kubectl create deploy web --image=nginx; sleep 9; kubectl scale rs --all --replicas=4",
    ),
    (
        "a replica set that is no longer the Deployment's",
        "kubectl create deploy web --image=nginx; sleep 9; kubectl label rs --all app=other --overwrite",
    ),
    (
        "a pod that is no longer the replica set's",
        "kubectl create deploy web --image=nginx; sleep 9; kubectl label pods --all app-",
    ),
    (
        "a revision that somebody writes",
        "kubectl create deploy web --image=nginx; sleep 9; kubectl annotate deploy web deployment.kubernetes.io/revision=99 --overwrite; kubectl annotate rs --all deployment.kubernetes.io/revision=7 --overwrite",
    ),
    (
        "a rollout that a quota stops",
        "kubectl create deploy web --image=nginx --replicas=2; kubectl create quota q --hard=pods=2; sleep 9; kubectl set image deploy web nginx=nginx:2",
    ),
    (
        "a Deployment of nobody",
        "kubectl create deploy web --image=nginx --replicas=0; kubectl autoscale deploy web --max=3; kubectl autoscale deploy nosuch --max=3",
    ),
    (
        "two autoscalers of one Deployment",
        "kubectl create deploy web --image=nginx --replicas=3; kubectl autoscale deploy web --name=a --min=1 --max=4; kubectl autoscale deploy web --name=b --min=1 --max=5",
    ),
    (
        "a DaemonSet on no node",
        "kubectl -n kube-system patch ds kube-proxy -p '{\"spec\":{\"template\":{\"spec\":{\"nodeSelector\":{\"a\":\"b\"}}}}}'",
    ),
    ("a DaemonSet whose image is not there", "kubectl -n kube-system set image ds kube-proxy '*=nosuch'"),
    (
        "a DaemonSet that waits for deletions",
        "kubectl -n kube-system patch ds kube-proxy -p '{\"spec\":{\"updateStrategy\":{\"type\":\"OnDelete\",\"rollingUpdate\":null}}}'; kubectl -n kube-system set env ds kube-proxy A=b",
    ),
    ("a Service that waits for its load balancer", "kubectl create service loadbalancer l --tcp=80"),
    (
        "the API server's own Service deleted",
        "kubectl delete svc kubernetes; kubectl delete ep kubernetes; kubectl delete endpointslices --all",
    ),
    (
        "name servers without Service",
        "kubectl -n kube-system delete svc kube-dns; kubectl -n kube-system scale deploy coredns --replicas=0",
    ),
    (
        "a node that is deleted",
        "kubectl create deploy web --image=nginx --replicas=4; sleep 9; kubectl delete node node3",
    ),
    (
        "a node's labels and taints changed",
        "kubectl label nodes --all kubernetes.io/hostname- kubernetes.io/os=plan9 --overwrite; kubectl taint nodes node2 node.kubernetes.io/not-ready:NoExecute",
    ),
    ("leases deleted", "kubectl delete leases -A --all"),
    (
        "a Job that is suspended, and one of no parallelism",
        "kubectl create job a --image=alpine -- true; kubectl patch job a -p '{\"spec\":{\"suspend\":true}}'; kubectl create job b --image=alpine -- sleep 99; kubectl patch job b -p '{\"spec\":{\"parallelism\":0}}'",
    ),
    (
        "an object whose owner is gone",
        "kubectl create cm c; kubectl patch cm c -p '{\"metadata\":{\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"x\",\"uid\":\"y\"}]}}'",
    ),
    (
        "an object that owns itself, in foreground",
        "kubectl create deploy web --image=nginx; sleep 9; kubectl patch deploy web -p \"{\\\"metadata\\\":{\\\"ownerReferences\\\":[{\\\"apiVersion\\\":\\\"apps/v1\\\",\\\"kind\\\":\\\"Deployment\\\",\\\"name\\\":\\\"web\\\",\\\"uid\\\":\\\"$(kubectl get deploy web -o jsonpath={.metadata.uid})\\\",\\\"blockOwnerDeletion\\\":true}]}}\"; kubectl delete deploy web --cascade=foreground --wait=false",
    ),
    (
        "pods whose volumes are not there",
        "for kind in configMap secret persistentVolumeClaim; do n=name; test $kind = secret && n=secretName; test $kind = persistentVolumeClaim && n=claimName; kubectl run p-$(echo $kind | tr A-Z a-z) --image=nginx --overrides=\"{\\\"spec\\\":{\\\"volumes\\\":[{\\\"name\\\":\\\"v\\\",\\\"$kind\\\":{\\\"$n\\\":\\\"nosuch\\\"}}]}}\"; done",
    ),
    (
        "probes that fail",
        "kubectl run p --image=nginx --overrides='{\"spec\":{\"containers\":[{\"name\":\"p\",\"image\":\"nginx\",\"livenessProbe\":{\"tcpSocket\":{\"port\":9},\"periodSeconds\":20},\"readinessProbe\":{\"exec\":{\"command\":[\"false\"]}}}]}}'",
    ),
    (
        "an init container that fails",
        "kubectl run p --image=nginx --overrides='{\"spec\":{\"initContainers\":[{\"name\":\"i\",\"image\":\"alpine\",\"command\":[\"false\"]}]}}'",
    ),
    (
        "a pod with a finalizer, deleted",
        "kubectl run p --image=nginx; sleep 9; kubectl patch pod p -p '{\"metadata\":{\"finalizers\":[\"a.io/b\"]}}'; kubectl delete pod p --wait=false",
    ),
    (
        "budgets that overlap",
        "kubectl create deploy web --image=nginx; kubectl create pdb a --selector=app=web --min-available=1; kubectl create pdb b --selector=app=web --max-unavailable=1; sleep 9; kubectl drain node2 node3 --ignore-daemonsets --timeout=9s",
    ),
    (
        "a rule that nobody meets, in a policy",
        "kubectl create deploy web --image=nginx; printf 'apiVersion: networking.k8s.io/v1\\nkind: NetworkPolicy\\nmetadata:\\n  name: n\\nspec:\\n  podSelector: {}\\n  policyTypes:\\n  - Ingress\\n  - Egress\\n' | kubectl create -f -",
    ),
    (
        "a selector that is everything",
        "kubectl create deploy web --image=nginx; printf 'apiVersion: v1\\nkind: ReplicationController\\nmetadata: {name: r}\\nspec: {replicas: 2, selector: {app: web}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: nginx}]}}}' | kubectl create -f -",
    ),
    (
        "a volume whose claim is not bound, and one that is not simulated",
        r#"for v in '"ephemeral":{"volumeClaimTemplate":{"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}}' '"nfs":{"server":"x","path":"/"}'; do kubectl run p-$(echo "$v" | cut -c 2-4) --image=nginx --overrides="{\"spec\":{\"volumes\":[{\"name\":\"v\",$v}]}}"; done"#,
    ),
    (
        "a secret with a token",
        "kubectl create secret generic t --type=kubernetes.io/service-account-token --dry-run=client -o yaml | sed '/^metadata/a\\  annotations: {kubernetes.io/service-account.name: default}' | kubectl create -f -",
    ),
    (
        "an APIService without a server",
        "printf 'apiVersion: apiregistration.k8s.io/v1\\nkind: APIService\\nmetadata: {name: v1.a.io}\\nspec: {group: a.io, version: v1, groupPriorityMinimum: 10, versionPriority: 10, service: {name: x, namespace: default}}' | kubectl create -f -",
    ),
    (
        "a kind whose name is taken",
        "printf 'apiVersion: apiextensions.k8s.io/v1\\nkind: CustomResourceDefinition\\nmetadata: {name: pods.a.io}\\nspec: {group: a.io, scope: Namespaced, names: {plural: pods, kind: Pod}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}' | kubectl create -f -",
    ),
];

/// How often anything is written, and how much happens at all, in ten minutes of which nobody makes use, after ten more.
fn unrest(world: &mut Sim) -> (u64, u64) {
    let mut told = || {
        bench::run(world, &["sleep", "600"]);
        let (code, text) = bench::run(world, &["kubectl", "get", "--raw", "/api/v1/namespaces?limit=1"]);
        assert_eq!(code, 0, "{text}");
        let (_, rest) = text.split_once("\"resourceVersion\":\"").expect("the version of the list");
        let version = rest.split('"').next().and_then(|version| version.parse::<u64>().ok());
        (version.expect("a number"), world.trace().steps)
    };
    let before = told();
    let after = told();
    (after.0 - before.0, after.1 - before.1)
}

#[test]
fn a_cluster_that_nobody_touches_comes_to_rest() {
    let (idle_writes, idle_steps) = unrest(&mut Sim::new(Config::default()));
    let mut restless = String::new();
    for (state, commands) in STATES {
        let mut world = Sim::new(Config::default());
        bench::run(&mut world, &["sh", "-c", commands]);
        let (writes, steps) = unrest(&mut world);
        // Back-off, deadlines and an autoscaler write now and then; a namespace that cannot go is tried every few seconds.
        if writes > idle_writes + 120 || steps > idle_steps * 4 {
            restless += &format!(
                "{state}: {writes} writes and {steps} steps in ten minutes, of an idle cluster {idle_writes} and {idle_steps}\n"
            );
        }
    }
    assert!(restless.is_empty(), "{restless}");
}
