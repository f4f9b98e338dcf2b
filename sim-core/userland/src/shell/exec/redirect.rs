//! Redirections.

use super::Flow;
use crate::shell::ast::{Redirect, RedirectFd, RedirectOp};
use crate::shell::state::Shell;
use linux::fd::OpenFlags;
use linux::vfs::FileType;
use linux::{Errno, Fd};

/// Descriptors as they were before redirections: where a copy is, if there was one.
#[derive(Default)]
pub struct Saved(Vec<(Fd, Option<Fd>)>);

impl Shell {
    /// Redirects; false when something is in the way, which has been printed. With `saved`, what was there
    /// before is kept to be restored.
    pub async fn redirect(
        &mut self,
        redirects: &[Redirect],
        mut saved: Option<&mut Saved>,
    ) -> Result<bool, Flow> {
        for redirect in redirects {
            if !self.redirect_one(redirect, saved.as_deref_mut()).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Puts back what [`Shell::redirect`] saved.
    pub fn restore(&mut self, saved: Saved) {
        for (fd, copy) in saved.0.into_iter().rev() {
            match copy {
                Some(copy) => {
                    let _ = self.sys.dup2(copy, fd);
                    let _ = self.sys.close(copy);
                }
                None => {
                    let _ = self.sys.close(fd);
                }
            }
        }
    }

    fn save(&self, fd: Fd, saved: Option<&mut Saved>) {
        let Some(saved) = saved else { return };
        let copy = self.sys.dup(fd, 10).ok();
        if let Some(copy) = copy {
            let _ = self.sys.set_cloexec(copy, true);
        }
        saved.0.push((fd, copy));
    }

    /// Makes `fd` mean what `from` means, and gives up `from`.
    fn move_fd(&self, from: Fd, fd: Fd) {
        if from != fd {
            let _ = self.sys.dup2(from, fd);
            let _ = self.sys.close(from);
        }
    }

    async fn redirect_one(
        &mut self,
        redirect: &Redirect,
        mut saved: Option<&mut Saved>,
    ) -> Result<bool, Flow> {
        use RedirectOp as Op;
        let input = matches!(
            redirect.op,
            Op::In | Op::InOut | Op::DupIn | Op::HereDoc | Op::HereDocTabs | Op::HereString
        );
        let mut fd = match &redirect.fd {
            Some(RedirectFd::Number(fd)) => *fd,
            Some(RedirectFd::Variable(_)) => -1,
            None => i32::from(!input),
        };
        let opened = match redirect.op {
            Op::HereDoc | Op::HereDocTabs | Op::HereString => {
                let text = self.here_text(redirect).await?;
                self.here_pipe(text).await
            }
            Op::DupIn | Op::DupOut => return self.duplicate(redirect, fd, saved).await,
            _ => {
                let mut words = Vec::new();
                self.expand_word(&redirect.target, &mut words).await?;
                let [path] = words.as_slice() else {
                    self.error(&format!("{}: ambiguous redirect", redirect.target.text)).await;
                    return Ok(false);
                };
                match self.open_target(redirect.op, path) {
                    Ok(fd) => Ok(fd),
                    Err(None) => {
                        self.error(&format!("{path}: cannot overwrite existing file")).await;
                        return Ok(false);
                    }
                    Err(Some(error)) => {
                        self.error(&format!("{path}: {}", error.text())).await;
                        return Ok(false);
                    }
                }
            }
        };
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => {
                self.error(&format!("cannot create temp file for here-document: {}", error.text())).await;
                return Ok(false);
            }
        };
        if let Some(RedirectFd::Variable(name)) = &redirect.fd {
            let high = self.sys.dup(opened, 10);
            let _ = self.sys.close(opened);
            let Ok(high) = high else { return Ok(false) };
            self.assign_or_discard(name, None, high.to_string(), false).await?;
            return Ok(true);
        }
        // The new descriptor may have landed where the redirection points to.
        if opened == fd {
            if let Some(saved) = saved {
                saved.0.push((fd, None));
            }
            return Ok(true);
        }
        self.save(fd, saved.as_deref_mut());
        self.move_fd(opened, fd);
        if matches!(redirect.op, Op::Both | Op::BothAppend) {
            fd = 2;
            self.save(fd, saved);
            let _ = self.sys.dup2(1, 2);
        }
        Ok(true)
    }

    fn open_target(&self, op: RedirectOp, path: &str) -> Result<Fd, Option<Errno>> {
        let mut flags = match op {
            RedirectOp::In => OpenFlags::READ,
            RedirectOp::InOut => OpenFlags::READ_WRITE,
            RedirectOp::Append | RedirectOp::BothAppend => OpenFlags::APPEND,
            _ => OpenFlags::CREATE,
        };
        if self.options.has('C') && matches!(op, RedirectOp::Out | RedirectOp::Both) {
            match self.sys.stat(path) {
                Ok(stat) if stat.file_type == FileType::Regular => return Err(None),
                Ok(_) => {}
                Err(_) => flags.exclusive = true,
            }
        }
        self.sys.open(path, flags, 0o666).map_err(Some)
    }

    async fn here_text(&mut self, redirect: &Redirect) -> Result<String, Flow> {
        if redirect.op == RedirectOp::HereString {
            return Ok(self.expand_single(&redirect.target).await? + "\n");
        }
        match redirect.body.as_ref().and_then(|body| body.get()) {
            Some(body) => self.expand_quoted(&body.parts).await,
            None => Ok(String::new()),
        }
    }

    async fn here_pipe(&mut self, text: String) -> Result<Fd, Errno> {
        let (reader, writer) = self.sys.pipe()?;
        let file = self.sys.file(writer)?;
        self.sys.close(writer)?;
        if text.len() <= 65_536 {
            // It fits into the pipe, so this does not wait.
            let _ = file.write_all(text.as_bytes()).await;
        } else {
            self.sys.spawn_thread(async move {
                let _ = file.write_all(text.as_bytes()).await;
            });
        }
        Ok(reader)
    }

    async fn duplicate(
        &mut self,
        redirect: &Redirect,
        fd: Fd,
        mut saved: Option<&mut Saved>,
    ) -> Result<bool, Flow> {
        let mut words = Vec::new();
        self.expand_word(&redirect.target, &mut words).await?;
        let [text] = words.as_slice() else {
            self.error(&format!("{}: ambiguous redirect", redirect.target.text)).await;
            return Ok(false);
        };
        let fd = match &redirect.fd {
            Some(RedirectFd::Variable(name)) if text == "-" => {
                self.vars.text(name).and_then(|text| text.parse().ok()).unwrap_or(-1)
            }
            _ => fd,
        };
        if text == "-" {
            self.save(fd, saved);
            let _ = self.sys.close(fd);
            return Ok(true);
        }
        let (number, moves) = match text.strip_suffix('-') {
            Some(number) => (number, true),
            None => (text.as_str(), false),
        };
        let Ok(from) = number.parse::<Fd>() else {
            self.error(&format!("{}: ambiguous redirect", redirect.target.text)).await;
            return Ok(false);
        };
        if self.sys.file(from).is_err() {
            self.error(&format!("{from}: Bad file descriptor")).await;
            return Ok(false);
        }
        if let Some(RedirectFd::Variable(name)) = &redirect.fd {
            if let Ok(high) = self.sys.dup(from, 10) {
                self.assign_or_discard(name, None, high.to_string(), false).await?;
            }
            return Ok(true);
        }
        self.save(fd, saved.as_deref_mut());
        let _ = self.sys.dup2(from, fd);
        if moves && from != fd {
            self.save(from, saved);
            let _ = self.sys.close(from);
        }
        Ok(true)
    }
}

impl Saved {
    /// The copies, when they are not to be put back.
    pub fn into_copies(self) -> Vec<Fd> {
        self.0.into_iter().filter_map(|(_, copy)| copy).collect()
    }
}
