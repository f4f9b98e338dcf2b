//! The format, feature by feature.

mod support;

use expect_test::{Expect, expect};
use slides::parse;

/// The slides of a deck as trees.
fn check(text: &str, expected: Expect) {
    let deck = parse("deck.md", text);
    let slide =
        |slide: &slides::Slide| format!("#{} {}\n{}", slide.number, slide.id, support::tree(&slide.blocks));
    expected.assert_eq(&deck.slides.iter().map(slide).collect::<String>());
    assert!(deck.diagnostics.is_empty(), "{}", deck.diagnostics[0]);
}

#[test]
fn steps_are_one_slide() {
    check(
        r##"# Steps

- a

--

- b

.lab[

- Run:
  ```bash
  true
  ```

--

- Again:
  ```bash
  false
  ```

]
"##,
        expect![[r#"
            #1 steps
            h1 Steps
            list
              item
                p a
              +1 item
                +1 p b
            +1 lab steps
              +1 list
                +1 item
                  +1 p Run:
                  +1 command steps.1 true
                +2 item
                  +2 p Again:
                  +2 command steps.2 false
        "#]],
    );
}

#[test]
fn a_lab_keeps_its_ids_when_steps_come_before_it() {
    let ids = |text: &str| -> Vec<String> {
        let deck = parse("deck.md", text);
        deck.labs()
            .flat_map(|(_, lab)| {
                [vec![lab.id.clone()], lab.commands().iter().map(|c| c.id.clone()).collect()].concat()
            })
            .collect()
    };
    let lab = ".lab[\n- Run:\n  ```bash\n  true\n  ```\n]\n";
    let whole = ids(&format!("# A title\n\ntext\n\n{lab}"));
    assert_eq!(whole, ["a-title", "a-title.1"]);
    assert_eq!(ids(&format!("# A title\n\n--\n\ntext\n\n--\n\n{lab}")), whole);
    assert_eq!(ids(&format!("# Another slide\n\n---\n\n# A title\n\n{lab}\n--\n\nmore")), whole);
}

#[test]
fn classes_nest_and_may_be_blocks_or_spans() {
    check(
        r##"# C

.left[.red[**x**] `]`] and items[0] of status.items[0] and \.red[x]

- in a list:

  .small[
  ```bash
    cat <<EOF
      [
    EOF
  ```
  ]

.warning[
- a

.footnote[b]
]
"##,
        expect![[r#"
            #1 c
            h1 C
            p <.left <.red <strong x>> `]`> and items[0] of status.items[0] and .red[x]
            list
              item
                p in a list:
                .small
                  command c.1 cat <<EOF\n  [\nEOF
            .warning
              list
                item
                  p a
              p <.footnote b>
        "#]],
    );
}

#[test]
fn separators_in_fences_and_comments_are_text() {
    check(
        r##"# F

```
---
.lab[
```

<!--
---

# Gone
-->

after

---

# G

- ~~~
  --
  ~~~
"##,
        expect![[r##"
            #1 f
            h1 F
            code "" "---\n.lab["
            p after
            #2 g
            h1 G
            list
              item
                code "" "--"
        "##]],
    );
}

#[test]
fn tables_tasks_images_and_breaks() {
    check(
        r##"# T

| a | b |
|---|--:|
| `x` | .red[y] |

- [ ] to do
- [x] done

1. one<br/>two

   - ~~deep~~ *er*

![a *pod*](img/pod.png) 🚀 &lt;b&gt;
"##,
        expect![[r#"
            #1 t
            h1 T
            table [None, Right]
              a | b
              `x` | <.red y>
            list
              item to do
                p to do
              item done
                p done
            list from 1
              item
                p one<br>two
                list
                  item
                    p <del deep> <em er>
            p <img img/pod.png a pod> 🚀 <b>
        "#]],
    );
}

#[test]
fn code_has_blanks_and_marks() {
    check(
        r##"# B

```bash
kubectl run `-it` x --image=`YOUR-IMAGE`
curl -X `DELETE` http://`x.x.x.x`/\`a\`
```

```yaml
kind: `Pod`
```
"##,
        expect![[r##"
            #1 b
            h1 B
            command b.1 kubectl run =-it= x --image=_YOUR-IMAGE_\ncurl -X =DELETE= http://_x.x.x.x_/\`a\`
            code "yaml" "kind: Pod"
        "##]],
    );
}

#[test]
fn layouts_and_templates() {
    check(
        r##"layout: true
class: red

above

---

# One

---

layout: false
name: two

# Two

---

template: two

more

---

exclude: true

# Hidden

---

name: frame
layout: true

.box[

{{content}}

]

---

# Framed
"##,
        expect![[r#"
            #1 one
            p above
            h1 One
            #2 two
            h1 Two
            #3 two-2
            h1 Two
            p more
            #4 framed
            .box
              h1 Framed
        "#]],
    );
}

#[test]
fn a_profile_is_named_by_the_front_matter_or_the_first_slide() {
    let deck = slides::parse("deck.md", "---\ntitle: T\nprofile: metrics, cloud\n---\n\n# One\n");
    assert_eq!(deck.profiles, [slides::Profile::Metrics, slides::Profile::Cloud]);
    let deck = slides::parse("deck.md", "profile: metrics, top\n\n# One\n\n---\n\nprofile: cloud\n\n# Two\n");
    assert_eq!(deck.profiles, [slides::Profile::Metrics]);
    let told: Vec<String> = deck.diagnostics.iter().map(slides::Diagnostic::one_line).collect();
    assert_eq!(told, ["deck.md:1:1: warning: there is no profile `top`"]);
}

#[test]
fn front_matter_names_the_deck() {
    let deck = parse("deck.md", "---\ntitle: \"A deck\"\nauthor: me\n---\n\n# First\n");
    assert_eq!((deck.title.as_str(), deck.slides.len()), ("A deck", 1));
    assert_eq!(parse("deck.md", "title: A deck\n\n# First\n").title, "A deck");
    assert_eq!(parse("deck.md", "# First\n\n---\n").slides.len(), 1);
}

#[test]
fn links_find_their_address_in_any_slide_and_in_notes() {
    check(
        r##"# A

[one][x] and [X][] and [y], [z]

---

# B

- list

[x]: https://example.com/x "title"

???

[Y]: <https://example.com/y>
"##,
        expect![[r#"
            #1 a
            h1 A
            p <a https://example.com/x one> and <a https://example.com/x X> and <a https://example.com/y y>, [z]
            #2 b
            h1 B
            list
              item
                p list
        "#]],
    );
}

#[test]
fn directives_of_a_lab() {
    let deck = parse(
        "deck.md",
        r##"# D

.lab[

- Go:
  ```bash
  top
  ```

<!--
```wait load average```
```key q```
```keys
abc
```
```longwait done```
```check curl `x` ```
```tmux split-pane -h```
```open http://localhost```
```copy [0-9]+```
```paste```
-->

]
"##,
    );
    let expected = expect![[r#"
        [
            Type {
                pane: First,
                command: Command {
                    id: "d.1",
                    language: "bash",
                    lines: [
                        [
                            Text(
                                "top",
                            ),
                        ],
                    ],
                },
                nature: Endless,
                waited: true,
            },
            Wait {
                pane: First,
                text: "load average",
                timeout_s: 60,
            },
            Key {
                pane: First,
                key: "q",
                at_prompt: false,
            },
            Keys {
                pane: First,
                text: "abc",
            },
            Wait {
                pane: First,
                text: "done",
                timeout_s: 600,
            },
            Check {
                line: "curl x",
            },
            Open {
                url: "http://localhost",
            },
            Copy {
                pane: First,
                pattern: "[0-9]+",
            },
            Paste {
                pane: First,
                enter: false,
            },
        ]
    "#]];
    expected.assert_debug_eq(&slides::plan(&deck)[0].actions);
}

#[test]
fn diagnostics_show_the_place() {
    let text = r##"# D

.lab[

- a .red[b

]

<div>x</div>

see [this][nowhere] and [that](javascript:alert)

```hide x```

---

colour: red

.lab[

```bash
echo `date
```

<!-- ```hid x``` -->

---

name: a
template: b

]

<!-- ```hide x``` -->

[l]: http://a
[l]: http://b

---

name: a

```bash
"##;
    let deck = parse("deck.md", text);
    let all: Vec<String> = deck.diagnostics.iter().map(|d| d.to_string() + "\n").collect();
    let expected = expect![[r#"
        error: `.red[` is never closed
         --> deck.md:5:5
          |
        5 | - a .red[b
          |     ^^^^^
          = help: it is shown as text; close it with `]`

        warning: HTML is shown as text
         --> deck.md:9:1
          |
        9 | <div>x</div>
          | ^^^^^^^^^^^^
          = help: write Markdown or a content class such as `.small[ ]` instead

        warning: the link `[nowhere]` has no address
          --> deck.md:11:5
           |
        11 | see [this][nowhere] and [that](javascript:alert)
           |     ^^^^^^^^^^^^^^^
           = help: add a line `[nowhere]: https://...` anywhere in the deck

        warning: this link goes nowhere the page may go
          --> deck.md:11:25
           |
        11 | see [this][nowhere] and [that](javascript:alert)
           |                         ^
           = help: use http, https, mailto, `#name` or an address beside the deck

        warning: the slide property `colour:` is not known
          --> deck.md:17:1
           |
        17 | colour: red
           | ^^^^^^^
           = help: it is shown as text; remark would take the line away

        error: `.lab[` is never closed
          --> deck.md:19:1
           |
        19 | .lab[
           | ^^^^^
           = help: it is taken to reach to the end of the slide; close it with a line of `]`

        warning: this back-quote has no pair
          --> deck.md:22:6
           |
        22 | echo `date
           |      ^
           = help: back-quotes mark a blank and come in pairs; for a command's output write `$( )`

        warning: the directive `hid` is not known
          --> deck.md:25:9
           |
        25 | <!-- ```hid x``` -->
           |         ^^^
           = help: known are bash, check, copy, copypaste, hide, key, keys, longwait, open, paste, tmux, wait

        warning: there is no slide named `b` before this one
          --> deck.md:30:1
           |
        30 | template: b
           | ^^^^^^^^^^^

        warning: this `]` closes nothing
          --> deck.md:32:1
           |
        32 | ]
           | ^
           = help: take it away, or open a class before it

        warning: a directive outside of a lab does nothing
          --> deck.md:34:9
           |
        34 | <!-- ```hide x``` -->
           |         ^
           = help: move the comment into a `.lab[ ]`

        warning: the link `[l]` has two addresses
          --> deck.md:37:1
           |
        37 | [l]: http://b
           | ^^^^^^^^^^^^^
           = help: the first one holds for the whole deck: http://a

        warning: two slides are named `a`
          --> deck.md:41:1
           |
        41 | name: a
           | ^
           = help: a link to it goes to the first

        error: this fence is never closed
          --> deck.md:43:1
           |
        43 | ```bash
           | ^^^
           = help: end it with a line of ```
    "#]];
    expected.assert_eq(&all.join("\n"));
}

#[test]
fn bytes_that_are_no_text_are_told() {
    let deck = slides::parse_bytes("deck.md", b"# a\n\nb\xff\n");
    assert_eq!(deck.diagnostics[0].one_line(), "deck.md:3:1: warning: this line is not UTF-8");
}
