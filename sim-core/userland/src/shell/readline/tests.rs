use super::keys::Decoder;
use super::*;

struct Session {
    editor: Editor,
    decoder: Decoder,
    action: Action,
}

fn session(cols: usize) -> Session {
    let history = ["echo one", "kubectl get pods", "curl http://10.0.0.1/path"].map(String::from).to_vec();
    let mut editor = Editor::new(Rc::new(history), Vec::new());
    assert_eq!(editor.begin("$ ", cols), "$ ");
    Session { editor, decoder: Decoder::default(), action: Action::More }
}

impl Session {
    fn keys(&mut self, bytes: &str) -> String {
        let mut out = String::new();
        for byte in bytes.bytes() {
            self.decoder.literal = self.editor.wants_literal();
            if let Some(key) = self.decoder.feed(byte) {
                let (text, action) = self.editor.key(key);
                out.push_str(&text);
                self.action = action;
            }
        }
        out
    }

    fn line(&self) -> String {
        self.editor.text.iter().collect()
    }
}

/// The line after these keys.
fn check(keys: &str) -> String {
    let mut session = session(80);
    session.keys(keys);
    session.line()
}

#[test]
fn emacs_keys_edit() {
    assert_eq!(check("hello world\x17"), "hello ");
    assert_eq!(check("hello world\x01X"), "Xhello world");
    assert_eq!(check("hello\x02\x02\x04"), "helo");
    assert_eq!(check("one two\x1bb\x0b"), "one ");
    assert_eq!(check("one two\x1bb\x0b\x01\x19"), "twoone ");
    assert_eq!(check("one two\x15x"), "x");
    assert_eq!(check("ab\x14"), "ba");
    assert_eq!(check("one two three\x1b\x7f\x1b\x7f\x19"), "one two three");
    assert_eq!(check("one two\x01\x1bd\x1bfX"), " twoX");
    assert_eq!(check("one\x1b[D\x1b[D\x1b[3~"), "oe");
    assert_eq!(check("abc\x1b[HX\x1b[FY"), "XabcY");
    assert_eq!(check("a\x16\x01b"), "a\u{1}b");
    assert_eq!(check("héllo\x7f\x7f"), "hél");
}

#[test]
fn undo_takes_back_words_of_typing() {
    assert_eq!(check("abc\x17\x1f"), "abc");
    assert_eq!(check("abc\x01\x0b\x1f\x1f"), "");
}

#[test]
fn history_is_walked_and_edits_in_it_are_kept() {
    assert_eq!(check("new\x1b[A"), "curl http://10.0.0.1/path");
    assert_eq!(check("new\x10\x10\x0e\x0e"), "new");
    assert_eq!(check("\x10X\x10\x0e"), "curl http://10.0.0.1/pathX");
    assert_eq!(check("echo \x1b."), "echo http://10.0.0.1/path");
    assert_eq!(check("echo \x1b.\x1b."), "echo pods");
    assert_eq!(check("ku\x1b[5~"), "kubectl get pods");
}

#[test]
fn search_goes_back_through_history() {
    let mut session = session(80);
    assert_eq!(session.keys("\x12"), "\r(reverse-i-search)`': \x1b[J");
    assert!(session.keys("ku").ends_with("\r(reverse-i-search)`ku': kubectl get pods\x1b[J\x1b[16D"));
    session.keys("\x05");
    assert_eq!(session.line(), "kubectl get pods");
    session.keys("\r");
    assert_eq!(session.action, Action::Line("kubectl get pods".into()));
    assert_eq!(check("abc\x12zzz\x07"), "abc");
}

#[test]
fn the_screen_gets_few_bytes() {
    let mut session = session(80);
    assert_eq!(session.keys("ls"), "ls");
    assert_eq!(session.keys("\x7f"), "\x08\x1b[K");
    assert_eq!(session.keys("\x01"), "\r\x1b[2C".replace("\r\x1b[2C", "\x08"));
    assert_eq!(session.keys("a"), "al\x08");
    assert_eq!(session.keys("\r"), "\x1b[1C\n");
    assert_eq!(session.action, Action::Line("al".into()));
}

#[test]
fn interrupt_and_end() {
    let mut session = session(80);
    assert_eq!(session.keys("abc\x03"), "abc^C\n");
    assert_eq!(session.action, Action::Interrupt);
    let mut session = super::tests::session(80);
    session.keys("\x04");
    assert_eq!(session.action, Action::Eof);
}

#[test]
fn a_pasted_text_waits_for_enter() {
    let mut session = session(80);
    assert_eq!(session.keys("\x1b[200~a\rb\x1b[201~"), "a\nb");
    assert_eq!(session.action, Action::More);
    session.keys("\r");
    assert_eq!(session.action, Action::Line("a\nb".into()));
}

#[test]
fn completion_inserts_then_lists() {
    let mut session = session(40);
    session.keys("kubectl get po");
    let candidate =
        |text: &str| completion::Candidate { text: text.into(), shown: text.into(), no_space: false };
    let completion = Completion {
        start: 12,
        quote: None,
        candidates: vec![candidate("pods"), candidate("podtemplates")],
        raw: true,
    };
    session.keys("\t");
    assert_eq!(session.action, Action::Complete);
    assert_eq!(session.editor.complete(completion.clone()), "d\x07");
    session.keys("\t");
    assert_eq!(session.editor.complete(completion.clone()), "\x07");
    session.keys("\t");
    assert_eq!(session.editor.complete(completion), "\npods          podtemplates\n$ kubectl get pod\x1b[J");
    let only = Completion { start: 12, quote: None, candidates: vec![candidate("pods")], raw: true };
    session.keys("\t");
    assert_eq!(session.editor.complete(only), "s ");
}

#[test]
fn long_lines_wrap_and_resize() {
    let mut session = session(10);
    assert_eq!(session.keys("abcdefghij"), "abcdefgh \rij");
    assert_eq!(session.editor.resize(20), "\x1b[1A\r$ abcdefghij\x1b[J");
}
