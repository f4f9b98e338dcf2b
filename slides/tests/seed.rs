//! The deck Podium was created from opens unchanged.

mod support;

use expect_test::expect;

const SEED: &str = include_str!("data/exposing-containers.md");

#[test]
fn the_seed_deck_has_its_slides_and_labs() {
    let deck = slides::parse("exposing-containers.md", SEED);
    let expected = expect![[r##"
        #1 exposing-containers
        #2 heads-up
          outside labs: 1
        #3 but-why (extra-details)
        #4 running-containers-with-open-ports
        #5 running-our-http-server
          lab running-our-http-server
            running-our-http-server.1: kubectl create deployment blue --image=jpetazzo/color
        #6 connecting-to-the-http-server
          lab connecting-to-the-http-server
            connecting-to-the-http-server.1: kubectl get pods -o wide
            connecting-to-the-http-server.2: curl http://IP-ADDRESS
              blank IP-ADDRESS: PodAddress { owner: Some("blue") }
        #7 the-pod-doesnt-have-a-stable-identity
          lab the-pod-doesnt-have-a-stable-identity
            the-pod-doesnt-have-a-stable-identity.1: watch kubectl get pods -o wide
            the-pod-doesnt-have-a-stable-identity.2: kubectl delete pod blue-xxxxxxxx-yyyyy
              blank blue-xxxxxxxx-yyyyy: PodName { prefix: "blue-" }
        #8 services-in-a-nutshell
        #9 exposing-our-deployment
          lab exposing-our-deployment
            exposing-our-deployment.1: kubectl expose deployment blue --port=80
            exposing-our-deployment.2: kubectl get service
        #10 services-are-layer-4-constructs (extra-details)
        #11 testing-our-service
          lab testing-our-service
            testing-our-service.1: CLUSTER_IP=$(kubectl get svc blue -o go-template='{{ .spec.clusterIP }}')
            testing-our-service.2: for i in $(seq 10); do curl http://$CLUSTER_IP; done
            215: Hide("kubectl wait deploy blue --for condition=available")
            216: Key("^D")
            217: Key("^C")
        #12 a-stable-endpoint
          lab a-stable-endpoint
            a-stable-endpoint.1: while sleep 0.3; do curl -m1 http://$CLUSTER_IP; done
            a-stable-endpoint.2: kubectl delete pod blue-xxxxxxxx-yyyyy
              blank blue-xxxxxxxx-yyyyy: PodName { prefix: "blue-" }
        #13 load-balancing
          lab load-balancing
            load-balancing.1: kubectl scale deployment blue --replicas=3
            load-balancing.2: for i in $(seq 20); do curl http://$CLUSTER_IP; done
        #14 dns-integration
          lab dns-integration
            dns-integration.1: kubectl run --rm -it --image=archlinux test-dns-integration
            dns-integration.2: curl blue
        #15 under-the-hood (extra-details)
        #16 nameserver-10-96-0-10 (extra-details)
          outside labs: 1
        #17 search-default-svc-cluster-local (extra-details)
        #18 do-you-want-to-know-more (extra-details)
        #19 advantages-of-services
    "##]];
    expected.assert_eq(&support::outline(&deck));
    assert_eq!(deck.title, "Exposing containers");
    assert_eq!(deck.labs().count(), 8);
    assert_eq!(deck.diagnostics, []);
}

#[test]
fn the_seed_deck_has_its_outline_in_two_languages() {
    let deck = slides::parse("exposing-containers.md", SEED);
    let notes = &deck.slides.last().unwrap().notes;
    let lines: Vec<String> =
        notes.outline.iter().map(|e| format!("{} {}", e.language, slides::text_of(&e.content))).collect();
    let expected = expect![[r#"
        [
            "EN Accessing pods through services",
            "EN Service discovery and load balancing",
            "FR Exposer un service",
            "FR Le DNS interne de Kubernetes et la service discovery",
        ]
    "#]];
    expected.assert_debug_eq(&lines);
    assert!(notes.blocks.is_empty());
}

#[test]
fn links_have_the_whole_deck_as_their_scope() {
    let deck = slides::parse("exposing-containers.md", SEED);
    let expected = expect![[r#"
        h2 But, why?
        list
          item
            p Internal addresses are only reachable from within the cluster
            p (=from a pod, or when logged directly inside a node)
          item
            p Our special lab environments and our dev containers let us do it anyways
            p (because it's nice and convenient when learning Kubernetes)
          item
            p But that doesn't work on "normal" Kubernetes clusters
          item
            p Instead, we can use <a https://kubernetes.io/docs/reference/kubectl/generated/kubectl_port-forward/ `kubectl port-forward`> on these clusters
    "#]];
    expected.assert_eq(&support::tree(&deck.slides[2].blocks));
}

#[test]
fn the_plan_of_the_seed_deck() {
    let deck = slides::parse("exposing-containers.md", SEED);
    let mut lines = String::new();
    for plan in slides::plan(&deck) {
        lines += &format!("{} (slide {})\n", plan.lab, plan.slide);
        for action in plan.actions {
            lines += &match action {
                slides::Action::Type { pane, command, nature, .. } => {
                    format!("  Type {pane:?} {nature:?} {}\n", command.text(|_| None))
                }
                other => format!("  {other:?}\n"),
            };
        }
    }
    let expected = expect![[r#"
        running-our-http-server (slide 5)
          Type First Ends kubectl create deployment blue --image=jpetazzo/color
        connecting-to-the-http-server (slide 6)
          Type First Ends kubectl get pods -o wide
          Type First Ends curl http://IP-ADDRESS
        the-pod-doesnt-have-a-stable-identity (slide 7)
          Type First Endless watch kubectl get pods -o wide
          Interrupt { pane: First }
          Type First Ends kubectl delete pod blue-xxxxxxxx-yyyyy
        exposing-our-deployment (slide 9)
          Type First Ends kubectl expose deployment blue --port=80
          Type First Ends kubectl get service
        testing-our-service (slide 11)
          Type First Ends CLUSTER_IP=$(kubectl get svc blue -o go-template='{{ .spec.clusterIP }}')
          Hide { pane: First, line: "kubectl wait deploy blue --for condition=available", nature: Ends, waited: false }
          Key { pane: First, key: "^D", at_prompt: true }
          Key { pane: First, key: "^C", at_prompt: true }
          Type First Ends for i in $(seq 10); do curl http://$CLUSTER_IP; done
        a-stable-endpoint (slide 12)
          Type First Endless while sleep 0.3; do curl -m1 http://$CLUSTER_IP; done
          Type Second Ends kubectl delete pod blue-xxxxxxxx-yyyyy
          Interrupt { pane: First }
        load-balancing (slide 13)
          Type First Ends kubectl scale deployment blue --replicas=3
          Type First Ends for i in $(seq 20); do curl http://$CLUSTER_IP; done
        dns-integration (slide 14)
          Type First Shell kubectl run --rm -it --image=archlinux test-dns-integration
          Type First Ends curl blue
          Leave { pane: First }
    "#]];
    expected.assert_eq(&lines);
}

#[test]
fn line_ends_and_a_byte_order_mark_change_nothing() {
    let deck = slides::parse("d", SEED);
    let windows = format!("\u{feff}{}", SEED.replace('\n', "\r\n"));
    assert_eq!(slides::parse("d", &windows), deck);
    assert_eq!(slides::parse_bytes("d", windows.as_bytes()), deck);
}

#[test]
fn a_deck_goes_through_json_and_back() {
    let deck = slides::parse("d", SEED);
    let json = serde_json::to_string(&deck).unwrap();
    assert_eq!(serde_json::from_str::<slides::Deck>(&json).unwrap(), deck);
}
