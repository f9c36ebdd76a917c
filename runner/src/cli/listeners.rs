//! Who listens to a run: the terminal, the record of the user's state, the folder of reports, and
//! GitHub Actions.

use std::path::{Path, PathBuf};

use crate::event::{Event, What};
use crate::problem::Problem;
use crate::record::{Folder, Record, Runs};
use crate::report::{self, Terminal};
use crate::scenario::Scenario;

pub struct Listeners {
    terminal: Terminal<std::io::Stderr>,
    record: Option<Record>,
    reports: Option<(Folder, Record)>,
    github: Option<GitHub>,
    /// Kept where somebody wants them in the end.
    events: Vec<Event>,
    problems: Vec<Problem>,
}

impl Listeners {
    pub fn new(terminal: Terminal<std::io::Stderr>, reports: Option<Folder>) -> Self {
        let github = GitHub::of_environment();
        github.iter().for_each(GitHub::mute);
        Self {
            terminal,
            record: None,
            reports: reports.map(|folder| (folder.clone(), Record::begin(folder.path()))),
            github,
            events: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Writes an event down at once, whenever it is shown.
    pub fn take(&mut self, event: &Event) {
        if let What::RunStarted { run, started, .. } = &event.what {
            match Runs::of_user() {
                Ok(runs) => {
                    runs.prune(*started);
                    self.record = Some(Record::begin(&runs.folder(run)));
                }
                Err(problem) => self.problems.push(problem),
            }
        }
        let reports = self.reports.as_mut().map(|(_, record)| record);
        for record in self.record.iter_mut().chain(reports) {
            record.take(event);
        }
        if self.reports.is_some() || self.github.is_some() {
            self.events.push(event.clone());
        }
    }

    pub fn show(&mut self, event: &Event) {
        self.terminal.tell(event);
    }

    /// Writes what is made of all events, or tells the problem that kept the run from starting. A run
    /// is as good without its record, which is warned of; whoever asked for reports waits for them.
    pub fn end(self, stopped: Option<&Problem>) -> Result<(), Problem> {
        let unwritten = self.record.and_then(|it| it.end().err());
        for problem in self.problems.into_iter().chain(unwritten) {
            anstream::eprintln!("warning: this run has no record: {}", problem.message);
        }
        if let Some(github) = &self.github {
            github.unmute();
            if let Some(problem) = stopped {
                github.tell_problem(problem);
            }
            github.tell(&self.events);
        }
        match self.reports {
            Some((folder, record)) if stopped.is_none() => {
                record.end().and_then(|()| folder.fill(&self.events))
            }
            _ => Ok(()),
        }
    }
}

/// GitHub Actions, which reads commands in a step's output, and a summary in a file.
pub struct GitHub {
    summary: Option<PathBuf>,
    /// Nobody else can know it.
    token: String,
    /// The working directory within the repository.
    here: PathBuf,
}

impl GitHub {
    pub fn of_environment() -> Option<Self> {
        (std::env::var_os("GITHUB_ACTIONS")? == "true").then(|| {
            let here = std::env::current_dir().unwrap_or_default();
            let workspace = std::env::var_os("GITHUB_WORKSPACE").map(PathBuf::from);
            let below = workspace.and_then(|it| here.strip_prefix(it).map(Path::to_owned).ok());
            Self {
                token: token(),
                summary: std::env::var_os("GITHUB_STEP_SUMMARY").map(PathBuf::from),
                here: below.unwrap_or_default(),
            }
        })
    }

    /// From here on what looks like a command is none: nodes print what they like.
    fn mute(&self) {
        anstream::eprintln!("::stop-commands::{}", self.token);
    }

    fn unmute(&self) {
        anstream::eprintln!("::{}::", self.token);
    }

    fn tell(&self, events: &[Event]) {
        anstream::eprint!("{}", report::annotations(events, &self.here));
        let Some(path) = &self.summary else { return };
        let file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path);
        let written = file.and_then(|mut file| {
            std::io::Write::write_all(&mut file, report::summary(events).as_bytes())
        });
        if let Err(error) = written {
            anstream::eprintln!("warning: the step's summary can't be written: {error}");
        }
    }

    /// Annotates what is wrong with playbooks that are not played.
    pub fn tell_mistakes(&self, scenarios: &[Scenario]) {
        for problem in scenarios.iter().flat_map(Scenario::check) {
            self.tell_problem(&problem);
        }
    }

    fn tell_problem(&self, problem: &Problem) {
        anstream::eprint!("{}", report::annotation(problem, &self.here));
    }
}

fn token() -> String {
    use std::hash::BuildHasher;
    let random = || std::hash::RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", random(), random())
}
