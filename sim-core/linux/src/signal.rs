//! Signals: their numbers, names, default actions and the words a shell has for them.

/// What a process does about a signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disposition {
    /// What the kernel does by itself: terminate, stop, go on or nothing.
    #[default]
    Default,
    /// Nothing at all.
    Ignore,
    /// The process reads it with [`crate::Sys::take_signal`]; blocking calls end with `EINTR`.
    Catch,
}

/// What the kernel does about a signal that a process has not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultAction {
    /// The process ends.
    Terminate,
    /// The process ends; `wait` reports a core dump.
    Core,
    /// The process stops until SIGCONT.
    Stop,
    /// The process goes on if it was stopped.
    Continue,
    /// Nothing.
    Ignore,
}

macro_rules! signals {
    ($($name:ident $number:literal $action:ident $text:literal;)*) => {
        /// A signal, by its number on Linux x86-64.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the names are Linux's own")]
        pub enum Signal { $($name = $number),* }

        impl Signal {
            /// All of them, by number.
            pub const ALL: &[Signal] = &[$(Signal::$name),*];
            /// The name without `SIG`, in capitals: `TERM`.
            pub fn name(self) -> &'static str {
                const NAMES: &[(Signal, &str)] = &[$((Signal::$name, stringify!($name))),*];
                NAMES.iter().find(|(signal, _)| *signal == self).map_or("", |(_, name)| name)
            }
            /// What happens by default.
            pub fn default_action(self) -> DefaultAction {
                match self { $(Signal::$name => DefaultAction::$action),* }
            }
            /// What `strsignal` says, as a shell prints it when a job ends by it.
            pub fn text(self) -> &'static str {
                match self { $(Signal::$name => $text),* }
            }
        }
    };
}

#[allow(clippy::upper_case_acronyms, reason = "as in signal.h")]
mod table {
    use super::DefaultAction;
    signals! {
        HUP 1 Terminate "Hangup";
        INT 2 Terminate "Interrupt";
        QUIT 3 Core "Quit";
        ILL 4 Core "Illegal instruction";
        TRAP 5 Core "Trace/breakpoint trap";
        ABRT 6 Core "Aborted";
        BUS 7 Core "Bus error";
        FPE 8 Core "Floating point exception";
        KILL 9 Terminate "Killed";
        USR1 10 Terminate "User defined signal 1";
        SEGV 11 Core "Segmentation fault";
        USR2 12 Terminate "User defined signal 2";
        PIPE 13 Terminate "Broken pipe";
        ALRM 14 Terminate "Alarm clock";
        TERM 15 Terminate "Terminated";
        CHLD 17 Ignore "Child exited";
        CONT 18 Continue "Continued";
        STOP 19 Stop "Stopped (signal)";
        TSTP 20 Stop "Stopped";
        TTIN 21 Stop "Stopped (tty input)";
        TTOU 22 Stop "Stopped (tty output)";
        WINCH 28 Ignore "Window changed";
    }
}
pub use table::Signal;

impl Signal {
    /// The number.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// Reads `9`, `KILL` or `SIGKILL`.
    pub fn parse(text: &str) -> Option<Signal> {
        if let Ok(number) = text.parse::<i32>() {
            return Signal::ALL.iter().copied().find(|s| s.number() == number);
        }
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        Signal::ALL.iter().copied().find(|s| s.name() == name)
    }
}
