//! Whatever the bytes, there is a deck.

use proptest::prelude::*;

const SEED: &str = include_str!("data/exposing-containers.md");

/// Reads, plans and prints everything.
fn exercise(bytes: &[u8]) {
    let deck = slides::parse_bytes("deck.md", bytes);
    for diagnostic in &deck.diagnostics {
        assert!(diagnostic.line >= 1 && diagnostic.column >= 1 && diagnostic.length >= 1);
        assert!(!diagnostic.to_string().is_empty());
    }
    let ids: Vec<&str> = deck.slides.iter().map(|slide| slide.id.as_str()).collect();
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "two slides share an id");
    let json = serde_json::to_string(&deck).expect("a deck is JSON");
    assert!(!json.contains("\\u0001") && !json.contains("\\u0002"), "a mark of the parser got out");
    slides::plan(&deck);
}

#[test]
fn a_truncated_seed_deck_is_a_deck() {
    // Every fifth cut is enough to fall into each of the format's words; debug builds are slow.
    for end in (0..=SEED.len()).step_by(5) {
        exercise(&SEED.as_bytes()[..end]);
    }
}

#[test]
fn deep_nesting_is_flattened() {
    for opener in
        [".a[", ".a[\n", "> ", "- ", "*a ", "[", "**a _b ", "`", "<!--", "<b>", "```\n", "![", "1. ", "~~a "]
    {
        exercise(opener.repeat(3000).as_bytes());
    }
}

/// Words of the format in any order find more than random bytes do.
fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "\n",
        "\n\n",
        "---\n",
        "--\n",
        "???\n",
        ".lab[",
        "]",
        ".lab[\n",
        "\n]\n",
        "- ",
        "  ",
        "    ",
        "\t",
        "```",
        "```bash\n",
        "\n```\n",
        "`",
        "``",
        "<!--",
        "-->",
        "```hide ",
        "```key ^C```",
        "class: a\n",
        "name: b\n",
        "layout: true\n",
        "template: b\n",
        "{{content}}",
        "[a][b]",
        "[b]: http://c\n",
        "[b]: x\n",
        "*",
        "**",
        "~~",
        "|a|b|\n|-|-|\n|c|",
        "<br/>",
        "<div>",
        "# ",
        "> ",
        "a",
        "é⚠️",
        "\\",
        ":EN:- x\n",
        "kubectl get deploy x",
        "`POD-IP`",
        ".red[",
        "![",
        "](",
        ")",
        "\r\n",
        "\u{1}",
        "\u{2}",
        "- [ ] ",
        "&amp;",
        "1. ",
        "exclude: true\n",
        "Meanwhile ",
    ]);
    prop::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_deck(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        exercise(&bytes);
    }

    #[test]
    fn any_words_of_the_format_are_a_deck(text in words()) {
        exercise(text.as_bytes());
    }
}
