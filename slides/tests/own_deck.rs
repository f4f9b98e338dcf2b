//! Podium's own deck teaches what the seed deck teaches, with the same commands, in other words.

mod support;

use expect_test::expect;

const SEED: &str = include_str!("data/exposing-containers.md");
const OURS: &str = include_str!("../decks/exposing-containers/deck.md");

#[test]
fn our_deck_has_the_slides_and_labs_of_the_seed() {
    let deck = slides::parse("deck.md", OURS);
    assert!(deck.diagnostics.is_empty(), "{}", deck.diagnostics[0]);
    let expected = expect![[r##"
        #1 exposing-containers
        #2 heads-up
          outside labs: 1
        #3 why-inside (extra-details)
        #4 a-web-server
        #5 create-the-server
          lab create-the-server
            create-the-server.1: kubectl create deployment blue --image=jpetazzo/color
        #6 connect-to-the-pod
          lab connect-to-the-pod
            connect-to-the-pod.1: kubectl get pods -o wide
            connect-to-the-pod.2: curl http://IP-ADDRESS
              blank IP-ADDRESS: PodAddress { owner: Some("blue") }
        #7 pods-come-and-go
          lab pods-come-and-go
            pods-come-and-go.1: watch kubectl get pods -o wide
            pods-come-and-go.2: kubectl delete pod blue-xxxxxxxx-yyyyy
              blank blue-xxxxxxxx-yyyyy: PodName { prefix: "blue-" }
        #8 services
        #9 expose
          lab expose
            expose.1: kubectl expose deployment blue --port=80
            expose.2: kubectl get service
        #10 layer-4 (extra-details)
        #11 test-the-service
          lab test-the-service
            test-the-service.1: CLUSTER_IP=$(kubectl get svc blue -o go-template='{{ .spec.clusterIP }}')
            test-the-service.2: for i in $(seq 10); do curl http://$CLUSTER_IP; done
            324: Hide("kubectl wait deploy blue --for condition=available")
            325: Key("^D")
            326: Key("^C")
        #12 stable-endpoint
          lab stable-endpoint
            stable-endpoint.1: while sleep 0.3; do curl -m1 http://$CLUSTER_IP; done
            stable-endpoint.2: kubectl delete pod blue-xxxxxxxx-yyyyy
              blank blue-xxxxxxxx-yyyyy: PodName { prefix: "blue-" }
        #13 load-balancing
          lab load-balancing
            load-balancing.1: kubectl scale deployment blue --replicas=3
            load-balancing.2: for i in $(seq 20); do curl http://$CLUSTER_IP; done
        #14 dns
          lab dns
            dns.1: kubectl run --rm -it --image=archlinux test-dns-integration
            dns.2: curl blue
        #15 resolv-conf (extra-details)
        #16 nameserver (extra-details)
          outside labs: 1
        #17 search-list (extra-details)
        #18 more-about-dns (extra-details)
        #19 what-services-give
    "##]];
    expected.assert_eq(&support::outline(&deck));

    let seed = slides::parse("seed.md", SEED);
    let commands = |deck: &slides::Deck| -> Vec<Vec<String>> {
        deck.slides.iter().map(|s| s.commands().iter().map(|c| c.text(|_| None)).collect()).collect()
    };
    assert_eq!(commands(&deck), commands(&seed));
    let directives = |deck: &slides::Deck| -> Vec<slides::Directive> {
        deck.labs().flat_map(|(_, lab)| lab.directives.iter().map(|d| d.directive.clone())).collect()
    };
    assert_eq!(directives(&deck), directives(&seed));
    let classes =
        |deck: &slides::Deck| -> Vec<Vec<String>> { deck.slides.iter().map(|s| s.classes.clone()).collect() };
    assert_eq!(classes(&deck), classes(&seed));
}

#[test]
fn no_sentence_is_the_seeds() {
    let sentences = |text: &str| -> Vec<String> {
        // What stands between fences is commands and files, which are the same on purpose.
        let prose = text.split("```").step_by(2).flat_map(str::lines);
        let code = |line: &&str| !line.contains('`') && !line.contains("]:");
        prose
            .filter(code)
            .map(|line| line.trim().trim_start_matches(['-', '#', ' ', '(']).to_lowercase())
            .filter(|line| line.split_whitespace().count() >= 4)
            .collect()
    };
    let seed = sentences(SEED);
    let same: Vec<String> = sentences(OURS).into_iter().filter(|line| seed.contains(line)).collect();
    assert_eq!(same, Vec::<String>::new());
}

#[test]
fn every_slide_has_notes_and_the_outline_is_in_two_languages() {
    let deck = slides::parse("deck.md", OURS);
    let mut counts = [0, 0];
    for slide in &deck.slides {
        assert!(!slide.notes.blocks.is_empty(), "{} has no notes", slide.id);
        assert!(slide.name.is_some(), "{} has no name", slide.id);
        for entry in &slide.notes.outline {
            counts[usize::from(entry.language == "FR")] += 1;
        }
    }
    assert!(counts[0] > 5 && counts[0] == counts[1], "{counts:?}");
}
