//! Sections through both sides.

use crate::corpus::{File, Section, Step};
use crate::known::Known;
use crate::mask::{self, Places};
use crate::ours::Ours;
use crate::theirs::Theirs;
use crate::{Answer, help, objects};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// A line that was compared.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The file.
    pub file: String,
    /// The section's place in the file, for the order.
    pub section: usize,
    /// The line in the file.
    pub number: usize,
    /// The command.
    pub command: String,
    /// What ours said.
    pub ours: Answer,
    /// What theirs said.
    pub theirs: Answer,
    /// Whether it is a help text, of which only what it states was compared.
    pub is_help: bool,
    /// How the clusters differ after it.
    pub objects: Option<String>,
    /// How long it took, on both sides together.
    pub took: Duration,
}

impl Outcome {
    /// Whether nothing differs.
    pub fn is_equal(&self) -> bool {
        self.ours == self.theirs && self.objects.is_none()
    }
}

/// Which lines of a file are meant.
pub type Wanted<'a> = &'a (dyn Fn(&str, usize) -> bool + Sync);

/// Compares the wanted lines of files, some sections at a time; the outcomes are in the order of the files.
pub fn all(
    files: &[File],
    kubectl: &Path,
    wanted: Wanted<'_>,
    workers: usize,
) -> Result<Vec<Outcome>, String> {
    let mut work: Vec<(&File, usize)> = Vec::new();
    for file in files {
        for (index, section) in file.sections.iter().enumerate() {
            let is_wanted =
                |step: &Step| matches!(step, Step::Line { number, .. } if wanted(&file.name, *number));
            if section.steps.iter().any(is_wanted) {
                work.push((file, index));
            }
        }
    }
    // The last first: workers take from the end.
    work.reverse();
    let (work, outcomes, failure) = (Mutex::new(work), Mutex::new(Vec::new()), Mutex::new(None));
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (work, outcomes, failure) = (&work, &outcomes, &failure);
            scope.spawn(move || {
                if let Err(error) = work_off(worker, kubectl, work, outcomes, wanted)
                    && let Ok(mut failure) = failure.lock()
                {
                    *failure = Some(error);
                }
            });
        }
    });
    if let Some(error) = failure.into_inner().unwrap_or_default() {
        return Err(error);
    }
    let mut outcomes: Vec<Outcome> = outcomes.into_inner().unwrap_or_default();
    outcomes.sort_by(|a, b| (&a.file, a.number).cmp(&(&b.file, b.number)));
    Ok(outcomes)
}

/// How often a line is tried again.
const TRIES: usize = 6;

/// As [`all`], and what came out against expectation is tried again: a pod that becomes ready between two requests
/// of the real kubectl is no difference between the two. Gives how many lines were tried again.
///
/// # Errors
/// Those of [`all`].
pub fn settled(
    files: &[File],
    kubectl: &Path,
    wanted: Wanted<'_>,
    workers: usize,
    known: &Known,
) -> Result<(Vec<Outcome>, usize), String> {
    let mut outcomes = all(files, kubectl, wanted, workers)?;
    let expected =
        |outcome: &Outcome| outcome.is_equal() == known.reason(&outcome.file, &outcome.command).is_none();
    let place = |outcome: &Outcome| (outcome.file.clone(), outcome.number);
    let doubtful: BTreeSet<(String, usize)> =
        outcomes.iter().filter(|outcome| !expected(outcome)).map(place).collect();
    let mut left = doubtful.clone();
    for _ in 0..TRIES {
        if left.is_empty() {
            break;
        }
        let again = all(files, kubectl, &|file, number| left.contains(&(file.to_string(), number)), workers)?;
        for next in again.into_iter().filter(expected) {
            left.remove(&place(&next));
            if let Some(first) = outcomes.iter_mut().find(|first| place(first) == place(&next)) {
                *first = next;
            }
        }
    }
    Ok((outcomes, doubtful.len()))
}

/// How long the simulated kubectl takes until it asks; the real side's clock stands still meanwhile.
const STARTUP: Duration = Duration::from_millis(45);

/// How many seconds what is under way has to end, one after the other.
const SETTLE: [u64; 3] = [1, 5, 30];

fn work_off(
    worker: usize,
    kubectl: &Path,
    work: &Mutex<Vec<(&File, usize)>>,
    outcomes: &Mutex<Vec<Outcome>>,
    wanted: Wanted<'_>,
) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let root: PathBuf =
        std::env::temp_dir().join(format!("podium-differential-{}-{worker}", std::process::id()));
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let mut theirs = Theirs::start(kubectl, root).await.map_err(|error| error.to_string())?;
        loop {
            let next = work.lock().map_err(|error| error.to_string())?.pop();
            let Some((file, index)) = next else { return Ok(()) };
            let compared = section(file, index, &mut theirs, wanted).await;
            let compared = compared.map_err(|error| format!("{}: {error}", file.name))?;
            outcomes.lock().map_err(|error| error.to_string())?.extend(compared);
        }
    })
}

async fn section(
    file: &File,
    index: usize,
    theirs: &mut Theirs,
    wanted: Wanted<'_>,
) -> std::io::Result<Vec<Outcome>> {
    let section: &Section = &file.sections[index];
    let mut ours = Ours::new(section.metrics);
    theirs.begin().await?;
    let mut outcomes = Vec::new();
    // Whether their world is ours, except for time.
    let mut same = false;
    for step in &section.steps {
        match step {
            Step::File { name, contents } => {
                ours.write(name, contents);
                theirs.write(name, contents)?;
            }
            Step::Setup(command) => {
                ours.execute(command);
                elsewhere(theirs, command).await?;
                same = false;
            }
            Step::Settle(seconds) => ours.settle(Duration::from_secs(*seconds)),
            Step::Line { number, command, real_clock } => {
                if !wanted(&file.name, *number) {
                    ours.execute(command);
                    elsewhere(theirs, command).await?;
                    same = false;
                    continue;
                }
                let line = Line { file, index, number: *number, command, real_clock: *real_clock };
                outcomes.push(line.compare(&mut ours, theirs, &mut same).await?);
            }
        }
    }
    Ok(outcomes)
}

/// What only concerns files happens on the real side as well, though it is not compared.
async fn elsewhere(theirs: &mut Theirs, command: &str) -> std::io::Result<()> {
    if !command.contains("kubectl") {
        theirs.execute(command, false).await?;
    }
    Ok(())
}

struct Line<'a> {
    file: &'a File,
    index: usize,
    number: usize,
    command: &'a str,
    real_clock: bool,
}

impl Line<'_> {
    async fn compare(
        &self,
        ours: &mut Ours,
        theirs: &mut Theirs,
        same: &mut bool,
    ) -> std::io::Result<Outcome> {
        let begun = tokio::time::Instant::now();
        ours.align();
        let journal = ours.journal();
        let begin = ours.now();
        let our_answer = mask::listed(self.command, mask::ours(&ours.execute(self.command)));
        ours.align();
        let our_objects = objects::of(ours.sim());
        let mut outcome = None;
        // A second time, where the first differs: the real side's clock goes on while it computes.
        for _ in 0..2 {
            if !*same {
                theirs.replay(&journal);
            }
            // Then ours asks, too: what happened a moment ago is as old to both.
            theirs.advance(begin + STARTUP);
            let changes = theirs.changes();
            let (answer, calendar) = theirs.execute(self.command, self.real_clock).await?;
            let url = theirs.url();
            let places = Places { url: &url, home: &theirs.home() };
            let their_answer = mask::listed(self.command, mask::theirs(&answer, &places, calendar));
            let changed = theirs.changes() != changes;
            theirs.advance(ours.now());
            let their_objects = theirs.with_sim(objects::of);
            let objects = objects::difference(&our_objects, &their_objects);
            *same = !changed && objects.is_none();
            let is_help = help::is_help(&our_answer) && help::is_help(&their_answer);
            let compared = |answer: &Answer| if is_help { help::stated(answer) } else { answer.clone() };
            let found = Outcome {
                file: self.file.name.clone(),
                section: self.index,
                number: self.number,
                command: self.command.to_string(),
                ours: compared(&our_answer),
                theirs: compared(&their_answer),
                is_help,
                objects,
                took: begun.elapsed(),
            };
            if found.is_equal() {
                return Ok(found);
            }
            *same = false;
            outcome = Some(found);
        }
        // What is under way may be further on one side: it has some time to end.
        for seconds in SETTLE {
            let Some(found) = outcome.as_mut().filter(|found| found.objects.is_some()) else { break };
            ours.settle(Duration::from_secs(seconds));
            theirs.advance(ours.now());
            let our_objects = objects::of(ours.sim());
            found.objects = objects::difference(&our_objects, &theirs.with_sim(objects::of));
        }
        outcome.ok_or_else(|| std::io::Error::other("nothing was compared"))
    }
}
