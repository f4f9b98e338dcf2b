//! `kubectx` and `kubens` (also as `kctx` and `kns`): switch between contexts and namespaces.
//!
//! Models the bash scripts of ahmetb/kubectx, which run kubectl; without fzf, so that they list when nothing is named.

use super::support::{child, prelude::*, program};
use sim::Ordered;

program!(KUBECTX, "kubectx", "Switch between contexts", contexts);
program!(KCTX, "kctx", "Switch between contexts", contexts);
program!(KUBENS, "kubens", "Switch between namespaces", namespaces);
program!(KNS, "kns", "Switch between namespaces", namespaces);

const CONTEXT_USAGE: &str = "USAGE:
  kubectx                       : list the contexts
  kubectx <NAME>                : switch to context <NAME>
  kubectx -                     : switch to the previous context
  kubectx -c, --current         : show the current context name
  kubectx <NEW_NAME>=<NAME>     : rename context <NAME> to <NEW_NAME>
  kubectx <NEW_NAME>=.          : rename current-context to <NEW_NAME>
  kubectx -d <NAME> [<NAME...>] : delete context <NAME> ('.' for current-context)
                                  (this command won't delete the user/cluster entry
                                  that is used by the context)
  kubectx -u, --unset           : unset the current context

  kubectx -h,--help             : show this message
";

const NAMESPACE_USAGE: &str = "USAGE:
  kubens                    : list the namespaces in the current context
  kubens <NAME>             : change the active namespace of current context
  kubens -                  : switch to the previous namespace in this context
  kubens -c, --current      : show the current namespace
  kubens -h,--help          : show this message
";

/// The status to end with, which a failed step brings along.
type Step<T> = Result<T, ExitCode>;

async fn contexts(sys: Sys, args: Args) -> ExitCode {
    Switch { sys: &sys }.contexts(&args[1..]).await.err().unwrap_or(0)
}

async fn namespaces(sys: Sys, args: Args) -> ExitCode {
    Switch { sys: &sys }.namespaces(&args[1..]).await.err().unwrap_or(0)
}

struct Switch<'a> {
    sys: &'a Sys,
}

impl Switch<'_> {
    /// Runs kubectl; what it says about errors goes where ours goes.
    async fn ask(&self, words: &[&str]) -> Step<String> {
        let argv = std::iter::once("kubectl").chain(words.iter().copied()).map(String::from).collect();
        match child::capture(self.sys, "env", argv, false).await {
            Ok((bytes, WaitStatus::Exited(0))) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Ok((bytes, ended)) => {
                self.sys.out(&String::from_utf8_lossy(&bytes)).await;
                Err(ended.exit_code())
            }
            Err(_) => Err(1),
        }
    }

    /// Runs kubectl and shows what it says.
    async fn tell(&self, words: &[&str]) -> Step<()> {
        let text = self.ask(words).await?;
        self.sys.out(&text).await;
        Ok(())
    }

    async fn or(&self, asked: Step<String>, text: &str) -> Step<String> {
        if asked.is_err() {
            self.sys.err(&format!("{text}\n")).await;
        }
        asked.map_err(|_| 1)
    }

    async fn fail<T>(&self, text: &str, usage: &str) -> Step<T> {
        self.sys.err(&format!("{text}\n")).await;
        self.sys.out(usage).await;
        Err(1)
    }

    /// Names, the current one in colour on a terminal.
    async fn list(&self, names: &[&str], current: &str) {
        let plain = self.sys.env("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = self.sys.isatty(1) && !plain;
        let code = |name: &str, default: &str| self.sys.env(name).unwrap_or_else(|| default.to_string());
        let (back, fore) =
            (code("KUBECTX_CURRENT_BGCOLOR", "\x1b[40m"), code("KUBECTX_CURRENT_FGCOLOR", "\x1b[33m"));
        for name in names {
            if color && *name == current {
                self.sys.out(&format!("{back}{fore}{name}\x1b(B\x1b[m\n")).await;
            } else {
                self.sys.out(&format!("{name}\n")).await;
            }
        }
    }

    /// Where the previous choice is kept.
    fn memory(&self, name: &str) -> String {
        let home = self.sys.env("HOME").unwrap_or_default();
        format!("{}/{name}", self.sys.env("XDG_CACHE_HOME").unwrap_or(format!("{home}/.kube")))
    }

    async fn recall(&self, file: &str) -> String {
        String::from_utf8_lossy(&self.sys.read_file(file).await.unwrap_or_default()).into_owned()
    }

    async fn contexts(&self, args: &[String]) -> Step<()> {
        let words: Vec<&str> = args.iter().map(String::as_str).collect();
        match words.as_slice() {
            [] => {
                let current = self.current().await;
                let current = self.or(current, "error getting current context").await?;
                let all = self.ask(&["config", "get-contexts", "-o=name"]).await;
                let all = self.or(all, "error getting context list").await?;
                let mut names: Vec<&str> = all.lines().collect();
                names.order_by(|a, b| a.cmp(b));
                self.list(&names, &current).await;
                Ok(())
            }
            ["-d"] => self.fail("error: missing context NAME", CONTEXT_USAGE).await,
            ["-d", names @ ..] => {
                for name in names {
                    let name = if *name == "." { self.current().await? } else { name.to_string() };
                    self.sys.err(&format!("Deleting context \"{name}\"...\n")).await;
                    self.tell(&["config", "delete-context", &name]).await?;
                }
                Ok(())
            }
            [_, _, ..] => self.fail("error: too many arguments", CONTEXT_USAGE).await,
            ["-"] => {
                let previous = self.recall(&self.memory("kubectx")).await;
                if previous.is_empty() {
                    return self.fail("error: No previous context found.", "").await;
                }
                self.switch_context(&previous).await
            }
            ["-c" | "--current"] => self.tell(&["config", "current-context"]).await,
            ["-u" | "--unset"] => {
                self.sys.err("Unsetting current context.\n").await;
                self.tell(&["config", "unset", "current-context"]).await
            }
            ["-h" | "--help"] => {
                self.sys.out(CONTEXT_USAGE).await;
                Ok(())
            }
            [flag] if flag.starts_with('-') => {
                self.fail(&format!("error: unrecognized flag \"{flag}\""), CONTEXT_USAGE).await
            }
            [pair] => match pair.rsplit_once('=') {
                Some((new, old)) if !new.is_empty() && !old.is_empty() => self.rename(new, old).await,
                _ => self.switch_context(pair).await,
            },
        }
    }

    async fn current(&self) -> Step<String> {
        self.ask(&["config", "view", "-o=jsonpath={.current-context}"]).await
    }

    async fn switch_context(&self, name: &str) -> Step<()> {
        let previous = self.current().await;
        let previous = self.or(previous, "error getting current context").await?;
        self.tell(&["config", "use-context", name]).await?;
        if previous != name {
            let _ = self.sys.write_file(&self.memory("kubectx"), previous.as_bytes()).await;
        }
        Ok(())
    }

    async fn rename(&self, new: &str, old: &str) -> Step<()> {
        let old = if old == "." { self.current().await? } else { old.to_string() };
        let all = self.ask(&["config", "get-contexts", "-o=name"]).await?;
        if !all.lines().any(|name| name == old) {
            return self.fail(&format!("error: Context \"{old}\" not found, can't rename it."), "").await;
        }
        if all.lines().any(|name| name == new) {
            self.sys.err(&format!("Context \"{new}\" exists, deleting...\n")).await;
            let argv = ["kubectl", "config", "delete-context", new].map(String::from).to_vec();
            let _ = child::capture(self.sys, "env", argv, true).await;
        }
        self.tell(&["config", "rename-context", &old, new]).await
    }

    async fn namespaces(&self, args: &[String]) -> Step<()> {
        let words: Vec<&str> = args.iter().map(String::as_str).collect();
        match words.as_slice() {
            [] => {
                let current = self.current_namespace().await?;
                let all = self.all_namespaces().await;
                let all = self.or(all, "error getting namespace list").await?;
                self.list(&all.lines().collect::<Vec<&str>>(), &current).await;
                Ok(())
            }
            [_, _, ..] => self.fail("error: too many flags", NAMESPACE_USAGE).await,
            ["-h" | "--help"] => {
                self.sys.out(NAMESPACE_USAGE).await;
                Ok(())
            }
            ["-"] => {
                let context = self.context().await?;
                let previous = self.recall(&self.namespace_file(&context)).await;
                if previous.is_empty() {
                    return self.fail("error: No previous namespace found for current context.", "").await;
                }
                self.switch_namespace(&previous).await
            }
            ["-c" | "--current"] => {
                let current = self.current_namespace().await?;
                self.sys.out(&format!("{current}\n")).await;
                Ok(())
            }
            [flag] if flag.starts_with('-') => {
                self.fail(&format!("error: unrecognized flag \"{flag}\""), NAMESPACE_USAGE).await
            }
            [name] => self.switch_namespace(name).await,
        }
    }

    async fn context(&self) -> Step<String> {
        let context = self.ask(&["config", "current-context"]).await;
        Ok(self.or(context, "error getting current context").await?.trim_end().to_string())
    }

    async fn all_namespaces(&self) -> Step<String> {
        self.ask(&["get", "namespaces", "-o=jsonpath={range .items[*].metadata.name}{@}{\"\\n\"}{end}"]).await
    }

    async fn current_namespace(&self) -> Step<String> {
        let context = self.context().await?;
        let path = format!("-o=jsonpath={{.contexts[?(@.name==\"{context}\")].context.namespace}}");
        let namespace = self.ask(&["config", "view", &path]).await;
        let namespace = self.or(namespace, "error getting current namespace").await?;
        Ok(if namespace.is_empty() { "default".into() } else { namespace })
    }

    fn namespace_file(&self, context: &str) -> String {
        format!("{}/{}", self.memory("kubens"), context.replace('/', "-"))
    }

    async fn switch_namespace(&self, name: &str) -> Step<()> {
        let context = self.context().await?;
        let previous = self.current_namespace().await?;
        let all = self.all_namespaces().await.unwrap_or_default();
        if !all.lines().any(|found| found == name) {
            return self.fail(&format!("error: no namespace exists with name \"{name}\"."), "").await;
        }
        self.tell(&["config", "set-context", &context, &format!("--namespace={name}")]).await?;
        self.sys.err(&format!("Active namespace is \"{name}\".\n")).await;
        if previous != name {
            let _ = self.sys.mkdir(&self.memory("kubens"), 0o755);
            let _ = self.sys.write_file(&self.namespace_file(&context), previous.as_bytes()).await;
        }
        Ok(())
    }
}
