#!/usr/bin/env bash
# A real kubectl against `podium serve-api`: the labs of the seed deck, then what an administrator does.
#
# PODIUM names the program, PODIUM_KUBECTL a kubectl v1.35.2. Every step says what its output has to hold; the first
# that does not ends the script.
set -uo pipefail

podium=${PODIUM:?names the program podium}
kubectl=${PODIUM_KUBECTL:?names a kubectl v1.35.2}
folder=$(mktemp -d)
export HOME=$folder KUBECONFIG=$folder/kubeconfig
unset HTTPS_PROXY HTTP_PROXY https_proxy http_proxy
server=
forward=
trap 'kill $server $forward 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder" || exit 1

"$podium" serve-api --port 0 --idle --kubeconfig "$KUBECONFIG" >server.log 2>&1 &
server=$!
for _ in $(seq 100); do
  [ -s "$KUBECONFIG" ] && break
  sleep 0.1
done

steps=0
output=
k() { timeout 60 "$kubectl" "$@"; }

# fail WHAT
fail() {
  printf 'FAILED at "%s": %s\n--- output\n%s\n' "$step" "$1" "$output"
  exit 1
}

step() {
  step=$1
  steps=$((steps + 1))
}

# expect PATTERN COMMAND...: it succeeds, and its output matches.
expect() {
  local pattern=$1
  shift
  output=$("$@" 2>&1) || fail "exit status $? of $*"
  grep -Eq -- "$pattern" <<<"$output" || fail "no line of $* matches $pattern"
}

# refuse PATTERN COMMAND...: it fails, and its output matches.
refuse() {
  local pattern=$1
  shift
  output=$("$@" 2>&1) && fail "success of $*"
  grep -Eq -- "$pattern" <<<"$output" || fail "no line of $* matches $pattern"
}

# eventually PATTERN COMMAND...: its output matches before long; asking makes time pass.
eventually() {
  local pattern=$1
  shift
  for _ in $(seq 60); do
    output=$("$@" 2>&1)
    grep -Eq -- "$pattern" <<<"$output" && return
    # The world moves while somebody watches.
    timeout 0.2 "$kubectl" get pods --watch >/dev/null 2>&1
  done
  fail "$* never matches $pattern"
}

# A command that has a terminal.
on_a_terminal() {
  local command
  printf -v command '%q ' "$@"
  script --quiet --return --command "$command" /dev/null </dev/null
}

step 'the seed deck: a Deployment, and its pod'
expect 'deployment.apps/blue created' k create deployment blue --image=jpetazzo/color
expect 'condition met' k wait deploy blue --for condition=available
expect '^blue-.* 1/1 +Running .* 10\.244\.' k get pods -o wide
pod_ip=$(k get pods -l app=blue -o jsonpath='{.items[0].status.podIP}')
expect 'pod/client created' k run client --image=archlinux --overrides='{"spec":{"nodeName":"node3"}}' -- sleep 100000
expect 'condition met' k wait pod client --for condition=Ready
expect '🔵This is pod default/blue-' k exec client -- curl -s "http://$pod_ip"

step 'the seed deck: a Service, its address and its name'
expect 'service/blue exposed' k expose deployment blue --port=80
expect '^blue +ClusterIP +10\.' k get service
cluster_ip=$(k get svc blue -o go-template='{{ .spec.clusterIP }}')
eventually 'This is pod default/blue-' k exec client -- curl -s -m2 "http://$cluster_ip"
expect 'This is pod default/blue-' k exec client -- curl -s blue

step 'the seed deck: a pod goes away, and many pods behind one address'
expect 'pod "blue-.*" deleted' k delete pod -l app=blue
expect 'condition met' k wait deploy blue --for condition=available
eventually 'This is pod default/blue-' k exec client -- curl -s -m2 "http://$cluster_ip"
expect 'deployment.apps/blue scaled' k scale deployment blue --replicas=3
expect 'successfully rolled out' k rollout status deployment blue
output=$(for _ in $(seq 20); do k exec client -- curl -s -m2 blue; done | sort -u)
[ "$(wc -l <<<"$output")" -ge 2 ] || fail 'twenty requests reach one pod only'

step 'the seed deck: a shell in a pod'
# What ends before the kubelet has looked at it is never ready, and then kubectl waits in vain, as on a real node.
expect 'This is pod default/blue-' on_a_terminal "$kubectl" run --rm -it --image=archlinux test-dns-integration -- \
  sh -c 'sleep 3; curl -s blue'

step 'exec -ti has a terminal'
expect '/dev/pts/0' on_a_terminal "$kubectl" exec -ti client -- tty
refuse 'exit code 7' k exec client -- sh -c 'exit 7'

step 'port-forward, with a real curl through it'
"$kubectl" port-forward deploy/blue 0:80 >forward.log 2>&1 &
forward=$!
for _ in $(seq 50); do
  port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\) -> 80/\1/p' forward.log)
  [ -n "$port" ] && break
  sleep 0.1
done
for _ in 1 2 3; do
  expect 'This is pod default/blue-' curl -s --noproxy '*' -m 10 "http://127.0.0.1:$port/"
done
kill $forward
forward=

step 'logs follow'
expect 'pod/talk created' k run talk --image=busybox --restart=Never -- sh -c 'for i in 1 2 3; do echo line $i; sleep 1; done'
expect 'condition met' k wait pod talk --for=jsonpath='{.status.phase}'=Running
expect '^line 3$' k logs -f talk

step 'a rolling update, and back'
expect 'image updated' k set image deployment blue color=nginx
expect 'successfully rolled out' k rollout status deployment blue
expect '^2 ' k rollout history deployment blue
expect 'image: nginx$' k get deploy blue -o yaml
expect 'rolled back' k rollout undo deployment blue
expect 'successfully rolled out' k rollout status deployment blue
expect '^3 ' k rollout history deployment blue
eventually 'This is pod default/blue-' k exec client -- curl -s -m2 blue

step 'a drain'
refuse 'cannot delete DaemonSet-managed Pods' k drain node2
expect 'node/node2 uncordoned' k uncordon node2
expect 'node/node2 drained' k drain node2 --ignore-daemonsets --force --delete-emptydir-data
expect '^node2 +Ready,SchedulingDisabled' k get nodes
eventually '^0$' sh -c "timeout 20 '$kubectl' get pods --field-selector spec.nodeName=node2 --no-headers 2>/dev/null | grep -c . ; true"
expect 'node/node2 uncordoned' k uncordon node2

step 'server-side apply, with a conflict'
cat >web.yaml <<'EOF'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: nginx
        image: nginx
EOF
expect 'deployment.apps/web serverside-applied' k apply --server-side -f web.yaml
sed -i 's/replicas: 2/replicas: 3/' web.yaml
refuse 'conflict with "kubectl": .spec.replicas' k apply --server-side --field-manager=other -f web.yaml
expect 'serverside-applied' k apply --server-side --field-manager=other --force-conflicts -f web.yaml
expect '^3$' k get deploy web -o jsonpath='{.spec.replicas}{"\n"}'

step 'a StatefulSet is scaled down, the last pod first'
cat >db.yaml <<'EOF'
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: db
spec:
  serviceName: db
  replicas: 3
  selector:
    matchLabels:
      app: db
  template:
    metadata:
      labels:
        app: db
    spec:
      containers:
      - name: nginx
        image: nginx
EOF
expect 'statefulset.apps/db created' k apply -f db.yaml
expect 'partitioned roll out complete|rolling update complete' k rollout status sts/db
expect '^db-2 ' k get pods -l app=db
expect 'statefulset.apps/db scaled' k scale sts db --replicas=1
eventually '^1$' k get sts db -o jsonpath='{.status.replicas}{"\n"}'
expect '^pod/db-0$' k get pods -l app=db -o name

step 'a Job with back-off'
cat >job.yaml <<'EOF'
apiVersion: batch/v1
kind: Job
metadata:
  name: fails
spec:
  backoffLimit: 2
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: main
        image: busybox
        command: [sh, -c, exit 1]
EOF
expect 'job.batch/fails created' k apply -f job.yaml
expect 'condition met' k wait --for=condition=failed job/fails --timeout=50s
eventually 'BackoffLimitExceeded' k describe job fails
expect '^3$' sh -c "timeout 20 '$kubectl' get pods -l job-name=fails --no-headers | wc -l"

step 'a NetworkPolicy cuts a connection'
cat >deny.yaml <<'EOF'
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: deny
spec:
  podSelector:
    matchLabels:
      app: blue
  policyTypes: [Ingress]
EOF
expect 'This is pod default/blue-' k exec client -- curl -s -m5 blue
expect 'networkpolicy.networking.k8s.io/deny created' k apply -f deny.yaml
eventually 'exit code (7|28)' k exec client -- curl -s -m2 blue
expect 'networkpolicy.networking.k8s.io "deny" deleted' k delete -f deny.yaml
eventually 'This is pod default/blue-' k exec client -- curl -s -m5 blue

printf 'scenario: %s steps passed\n' "$steps"
