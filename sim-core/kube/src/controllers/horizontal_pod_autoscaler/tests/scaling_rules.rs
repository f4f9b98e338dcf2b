//! Facts from pkg/controller/podautoscaler/horizontal_test.go, from `TestConvertDesiredReplicasWithRules` on.

use crate::controllers::horizontal_pod_autoscaler::scaling_rules::{Bounds, Decision, History};
use crate::json;
use serde_json::Value;
use sim::Instant;
use std::time::Duration;

fn second(number: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(number)
}

/// Two hours after the world began.
const NOW: u64 = 7_200;

/// Rules as upstream's tests make them: pods, period, percent, period, window.
type Rules = (i64, i64, i64, i64, i64);

fn rules((pods, pods_period, percent, percent_period, window): Rules) -> Value {
    let policies: Vec<Value> = [("Pods", pods, pods_period), ("Percent", percent, percent_period)]
        .iter()
        .filter(|(_, value, _)| *value != 0)
        .map(|(kind, value, period)| json!({"type": kind, "value": value, "periodSeconds": period}))
        .collect();
    json!({"stabilizationWindowSeconds": window, "selectPolicy": "Max", "policies": policies})
}

const UP: Rules = (4, 15, 100, 15, 0);
const DOWN: Rules = (0, 0, 100, 15, 0);

/// Changes spread evenly over the last two minutes.
fn remember(history: &mut History, changes: &[i64], up: bool) {
    let long = json!({"scaleUp": rules((1, 1_000, 0, 0, 0)), "scaleDown": rules((1, 1_000, 0, 0, 0))});
    let segment = 120 / changes.len().max(1) as u64;
    for (i, change) in changes.iter().enumerate() {
        let then = second(NOW - 120 + segment * i as u64 + segment / 2);
        let (before, after) = if up { (100, 100 + change) } else { (100, 100 - change) };
        history.store_scale_event(&long, before, after, then);
    }
}

fn summary(decision: Decision) -> (i64, &'static str) {
    (decision.desired, decision.limit)
}

#[test]
fn without_rules_it_at_most_doubles() {
    for (current, proposed, least, most, expected) in [
        (5, 7, 3, 8, (7, "DesiredWithinRange")),
        (3, 1, 2, 8, (2, "TooFewReplicas")),
        (1, 0, 0, 10, (0, "DesiredWithinRange")),
        (20, 1_000, 1, 10, (10, "TooManyReplicas")),
        (3, 1_000, 1, 2_000, (6, "ScaleUpLimit")),
        (1, 1_000, 1, 2_000, (4, "ScaleUpLimit")),
    ] {
        let mut history = History::default();
        let decision =
            history.normalize(&Value::Null, current, proposed, Bounds { least, most }, second(NOW));
        assert_eq!(summary(decision), expected);
        assert_eq!(decision.able, "ReadyForNewScale");
        assert_eq!(decision.limited, expected.1 != "DesiredWithinRange");
    }
}

#[test]
fn down_only_after_five_minutes() {
    // What was proposed how many minutes ago.
    type Row<'a> = (&'a [(i64, u64)], i64, i64);
    let cases: [Row; 5] = [
        (&[], 5, 5),
        (&[(4, 2), (5, 1)], 3, 5),
        (&[(1, 2), (2, 1)], 3, 3),
        (&[(10, 10), (9, 9)], 3, 3),
        (&[(10, 10), (4, 1), (5, 2), (9, 9)], 3, 5),
    ];
    for (before, proposed, expected) in cases {
        let mut history = History::default();
        let bounds = Bounds { least: 1, most: 100 };
        for (count, minutes) in before {
            history.normalize(&Value::Null, 50, *count, bounds, second(NOW - minutes * 60));
        }
        let decision = history.normalize(&Value::Null, 50, proposed, bounds, second(NOW));
        assert_eq!(decision.desired, expected, "{before:?}");
        let able = if expected == proposed { "ReadyForNewScale" } else { "ScaleDownStabilized" };
        assert_eq!(decision.able, able, "{before:?}");
    }
}

#[test]
fn the_first_count_is_remembered_as_a_proposal() {
    let mut history = History::default();
    history.begin(5, second(NOW));
    history.begin(1, second(NOW + 15));
    let bounds = Bounds { least: 1, most: 10 };
    let mut desired = |after| history.normalize(&Value::Null, 5, 1, bounds, second(NOW + after)).desired;
    assert_eq!((desired(15), desired(300), desired(301)), (5, 5, 1));
}

#[test]
fn rules_limit_how_fast_it_goes() {
    let none: &[i64] = &[];
    let few: &[i64] = &[1, 5, 9];
    // Changes up and down in the last two minutes, bounds, rules, current and proposed; what is done.
    type Row<'a> = (&'a [i64], &'a [i64], (i64, i64), Rules, Rules, (i64, i64), (i64, &'a str));
    let cases: &[Row] = &[
        (none, none, (3, 8), UP, DOWN, (5, 7), (7, "DesiredWithinRange")),
        (none, none, (2, 8), UP, DOWN, (3, 1), (2, "TooFewReplicas")),
        (none, none, (0, 10), UP, DOWN, (1, 0), (0, "DesiredWithinRange")),
        (none, none, (1, 10), UP, DOWN, (20, 1_000), (10, "TooManyReplicas")),
        (none, none, (100, 150), UP, DOWN, (100, 1_000), (150, "TooManyReplicas")),
        (none, none, (1, 2_000), (0, 0, 1, 60, 0), DOWN, (3, 1_000), (4, "ScaleUpLimit")),
        (none, none, (1, 1_000), UP, DOWN, (10, 50), (20, "ScaleUpLimit")),
        (none, none, (1, 1_000), (100, 60, 100, 60, 0), DOWN, (10, 500), (110, "ScaleUpLimit")),
        (none, none, (1, 1_000), (2, 60, 100, 60, 0), DOWN, (10, 500), (20, "ScaleUpLimit")),
        (none, none, (1, 1_000), (100, 60, 0, 0, 0), DOWN, (10, 50), (50, "DesiredWithinRange")),
        (none, none, (1, 1_000), (30, 60, 0, 0, 0), DOWN, (10, 50), (40, "ScaleUpLimit")),
        (none, none, (1, 1_000), (0, 0, 200, 60, 0), DOWN, (10, 50), (30, "ScaleUpLimit")),
        (none, none, (1, 1_000), UP, (20, 60, 1, 60, 0), (100, 2), (80, "ScaleDownLimit")),
        (none, none, (1, 1_000), UP, (2, 60, 1, 60, 0), (100, 2), (98, "ScaleDownLimit")),
        (none, none, (1, 1_000), UP, (100, 60, 0, 0, 0), (10, 0), (1, "TooFewReplicas")),
        (none, none, (5, 1_000), UP, (0, 0, 100, 60, 0), (10, 2), (5, "TooFewReplicas")),
        (none, none, (1, 1_000), UP, (5, 60, 0, 0, 0), (10, 2), (5, "ScaleDownLimit")),
        (none, none, (1, 1_000), UP, (0, 0, 50, 60, 0), (10, 5), (5, "DesiredWithinRange")),
        (few, none, (1, 200), (300, 60, 0, 0, 0), DOWN, (100, 500), (200, "TooManyReplicas")),
        (few, none, (1, 200), (0, 0, 10_000, 60, 0), DOWN, (100, 500), (200, "TooManyReplicas")),
        (few, none, (1, 1_000), (5, 120, 0, 0, 0), DOWN, (100, 500), (100, "ScaleUpLimit")),
        (few, none, (1, 1_000), (150, 120, 0, 0, 0), DOWN, (100, 500), (235, "ScaleUpLimit")),
        (few, none, (1, 1_000), (0, 0, 200, 120, 0), DOWN, (100, 500), (255, "ScaleUpLimit")),
        (&[4], &[2], (1, 1_000), (0, 0, 300, 300, 0), DOWN, (6, 24), (16, "ScaleUpLimit")),
        (none, few, (1, 1_000), UP, DOWN, (10, 5), (5, "DesiredWithinRange")),
        (none, few, (1, 1_000), UP, (115, 120, 0, 0, 0), (100, 0), (1, "TooFewReplicas")),
        (none, few, (5, 1_000), UP, (130, 120, 0, 0, 0), (100, 0), (5, "TooFewReplicas")),
        (none, few, (5, 1_000), UP, (0, 0, 100, 120, 0), (100, 2), (5, "TooFewReplicas")),
        (none, few, (1, 1_000), UP, (5, 120, 0, 0, 0), (100, 2), (100, "ScaleDownLimit")),
        (none, &[2, 4, 6], (1, 1_000), UP, (0, 0, 50, 120, 0), (100, 0), (56, "ScaleDownLimit")),
        (&[2], &[4], (1, 1_000), UP, (0, 0, 50, 180, 0), (10, 1), (6, "ScaleDownLimit")),
        (none, &[10, 10, 10], (1, 1_000), UP, (0, 0, 10, 120, 0), (100, 0), (100, "ScaleDownLimit")),
        (none, &[10, 10, 10], (1, 1_000), UP, (0, 0, 1_000, 120, 0), (10, 5), (5, "DesiredWithinRange")),
        (
            &[8, 12, 9, 11],
            none,
            (1, 1_000),
            (1_000, 120, 100, 60, 0),
            DOWN,
            (100, 200),
            (200, "DesiredWithinRange"),
        ),
        (
            none,
            &[8, 12, 9, 11],
            (1, 1_000),
            UP,
            (1_000, 120, 100, 60, 0),
            (100, 5),
            (5, "DesiredWithinRange"),
        ),
    ];
    for row in cases {
        let (ups, downs, (least, most), up, down, (current, proposed), expected) = *row;
        let mut history = History::default();
        remember(&mut history, ups, true);
        remember(&mut history, downs, false);
        let behavior = json!({"scaleUp": rules(up), "scaleDown": rules(down)});
        let bounds = Bounds { least, most };
        let decision = history.normalize(&behavior, current, proposed, bounds, second(NOW));
        assert_eq!(summary(decision), expected, "{row:?}");
    }
}

#[test]
fn a_policy_is_selected() {
    let with = |select: &str| {
        let mut both = rules((2, 60, 50, 60, 0));
        both["selectPolicy"] = json!(select);
        json!({"scaleUp": both, "scaleDown": both})
    };
    let decide = |select, current, proposed| {
        let bounds = Bounds { least: 1, most: 100 };
        summary(History::default().normalize(&with(select), current, proposed, bounds, second(NOW)))
    };
    assert_eq!(decide("Min", 1, 50), (2, "ScaleUpLimit"));
    assert_eq!(decide("Min", 5, 1), (3, "ScaleDownLimit"));
    assert_eq!(decide("Max", 1, 50), (3, "ScaleUpLimit"));
    assert_eq!(decide("Max", 9, 1), (4, "ScaleDownLimit"));
    assert_eq!(decide("Disabled", 5, 50), (5, "ScaleUpLimit"));
    assert_eq!(decide("Disabled", 5, 1), (5, "ScaleDownLimit"));
}

#[test]
fn rules_wait_in_both_directions() {
    // What was proposed how many minutes ago; current and proposed; windows in seconds; what is left of it.
    type Row<'a> = (&'a [(i64, u64)], (i64, i64), (i64, i64), i64);
    let cases: &[Row] = &[
        (&[], (100, 5), (0, 0), 5),
        (&[(4, 2), (5, 1)], (100, 3), (0, 180), 5),
        (&[(4, 2), (5, 1)], (1, 7), (300, 0), 4),
        (&[(1, 2), (2, 1)], (100, 3), (300, 0), 3),
        (&[(4, 2), (5, 1)], (1, 3), (0, 300), 3),
        (&[(10, 10), (9, 9)], (100, 3), (0, 0), 3),
        (&[(10, 10), (9, 9)], (1, 100), (0, 0), 100),
        (&[(10, 10), (4, 1), (5, 2), (9, 9)], (100, 3), (0, 180), 5),
        (&[(10, 100), (6, 1), (5, 2), (9, 3)], (1, 100), (300, 0), 5),
        (&[(2, 100), (3, 3)], (2, 1), (300, 300), 2),
        (&[(2, 100), (1, 3)], (2, 3), (300, 300), 2),
    ];
    for row in cases {
        let (before, (current, proposed), (up, down), expected) = *row;
        let behavior = |up, down| json!({"scaleUp": rules((1_000, 15, 0, 0, up)), "scaleDown": rules((1_000, 15, 0, 0, down))});
        let bounds = Bounds { least: 0, most: 1_000 };
        let mut history = History::default();
        for (count, minutes) in before {
            // Long windows, so that all of it is remembered.
            history.normalize(&behavior(7_000, 7_000), 50, *count, bounds, second(NOW - minutes * 60));
        }
        let decision = history.normalize(&behavior(up, down), current, proposed, bounds, second(NOW));
        assert_eq!(decision.desired, expected, "{row:?}");
        let able = match (expected == proposed, proposed >= current) {
            (true, _) => "ReadyForNewScale",
            (false, true) => "ScaleUpStabilized",
            (false, false) => "ScaleDownStabilized",
        };
        assert_eq!(decision.able, able, "{row:?}");
    }
}

#[test]
fn down_waits_five_minutes_where_the_rules_say_nothing() {
    let behavior = json!({"scaleUp": rules(UP), "scaleDown": {"selectPolicy": "Max", "policies": [
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ]}});
    let mut history = History::default();
    history.begin(8, second(NOW));
    let bounds = Bounds { least: 1, most: 10 };
    let mut desired = |after| history.normalize(&behavior, 8, 1, bounds, second(NOW + after)).desired;
    assert_eq!((desired(15), desired(299), desired(300)), (8, 8, 1));
}
