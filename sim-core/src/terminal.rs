//! A terminal of the learner: a pseudo terminal with a login shell.

use crate::message::{Output, TerminalId};
use crate::shell_marks::{Piece, ShellMarks};
use crate::world::{Outbox, login};
use linux::{Errno, Host, PtyMaster, WinSize};

/// An open terminal.
pub(crate) struct Terminal {
    pty: PtyMaster,
}

impl Terminal {
    /// Opens a terminal on `host` and logs the learner in.
    pub(crate) fn open(
        host: &Host,
        id: TerminalId,
        size: WinSize,
        outbox: &Outbox,
    ) -> Result<Terminal, Errno> {
        let (pty, slave) = PtyMaster::open(host.sim(), size);
        let mut spawn = login(host, vec!["bash".into(), "-l".into()], [slave.clone(), slave.clone(), slave]);
        spawn.env.push(("TERM".into(), "xterm-256color".into()));
        spawn.env.push(("PODIUM_SHELL_INTEGRATION".into(), "1".into()));
        spawn.controlling_tty = true;
        let pid = host.spawn(spawn)?;
        let (screen, out) = (pty.clone(), outbox.clone());
        host.sim().spawn(async move {
            let mut marks = ShellMarks::default();
            while let Ok(bytes) = screen.output().await {
                if bytes.is_empty() {
                    break;
                }
                for piece in marks.split(&bytes) {
                    out.push(match piece {
                        Piece::Shown(bytes) => Output::Screen { id, bytes },
                        Piece::State(state) => Output::Shell { id, state },
                    });
                }
            }
        });
        let (watched, out) = (host.clone(), outbox.clone());
        host.sim().spawn(async move {
            watched.wait(pid).await;
            out.push(Output::Closed { id });
        });
        Ok(Terminal { pty })
    }

    pub(crate) fn type_bytes(&self, bytes: &[u8]) {
        self.pty.input(bytes);
    }

    pub(crate) fn resize(&self, size: WinSize) {
        self.pty.resize(size);
    }
}
