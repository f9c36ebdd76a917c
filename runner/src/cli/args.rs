//! The arguments.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

const AFTER: &str = "\
Playbooks are files below scenarios/, their expected transcripts are below snapshots/.
A first one: pgdrill new first, then pgdrill run first";

const AFTER_RUN: &str = "\
Exit codes: 0 all passed, 1 a check or a snapshot failed, 2 wrong usage, 3 a mistake in a
playbook, 4 no engine or image, 130 or 143 stopped by a signal (and cleaned up)";

const AFTER_PROXY: &str = "\
The connection string goes to the standard output. Connections are carried by the engine, so
this works with remote ones too, and nothing is published. Ctrl-C closes all of them.";

const AFTER_REPL: &str = "\
Ctrl-C interrupts a line, Ctrl-D ends the session and takes all down. Lines may come from a pipe
too: the transcript goes to the standard output, and the first error ends it (exit code 1, or 3
for a mistake in a line).";

/// PostgreSQL high-availability and disaster-recovery drills.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, after_help = AFTER)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
    /// The container engine (unix:///path/to.sock, tcp://host:port); else as docker's client finds it.
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub host: Option<String>,
    /// Colours on the terminal.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl Args {
    /// Whether what goes to the standard error has colours.
    pub fn color(&self) -> bool {
        self.color_on(&std::io::stderr())
    }

    /// Whether what goes to this stream has colours.
    pub fn color_on(&self, stream: &impl IsTerminal) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
            }
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Plays scenarios and compares what they print with their snapshots.
    Run(Run),
    /// Runs what is typed, line by line, on servers that live until the end.
    Repl(Repl),
    /// Lists scenarios.
    List(List),
    /// Finds mistakes in playbooks without running them.
    Check(Check),
    /// Walks through transcripts that differ from their snapshots.
    Review(Review),
    /// Lists the runs whose records are kept.
    Runs(Runs),
    /// Makes reports of a run from its record.
    Report(Report),
    /// Lists, builds and removes the images of nodes.
    Images(Images),
    /// Says which container engine is found, and what it can do.
    Doctor,
    /// Removes what earlier runs have left on the engine.
    Clean(Clean),
    /// Prints the manual of all that a playbook can say.
    Api(Api),
    /// Prints a scenario as a tutorial, made of its snapshot.
    Tutorial(Tutorial),
    /// Writes a playbook to start from, which runs as it is.
    New(New),
    /// Prints the completions for a shell.
    Completions(Completions),
    /// Writes definition files for editors: the functions of playbooks with their manual.
    Defs(Defs),
    /// Prints the manual page, or writes one for each command.
    Man(Man),
    /// Opens psql on a node that `run --keep` left.
    Psql(Inside),
    /// Opens a shell on a node that `run --keep` left.
    Sh(Inside),
    /// Prints the server's log of a node that `run --keep` left.
    Logs(Inside),
    /// Opens a port on this machine that leads to a node's server or to a virtual address.
    Proxy(Proxy),
    #[command(hide = true)]
    Reap { run: String },
}

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_RUN)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own on the command line"
)]
pub struct Run {
    /// Playbooks: files, folders, or names below scenarios/ (default: all of them).
    pub playbooks: Vec<String>,
    /// PostgreSQL's major version: 13, 15, 17 or 18.
    #[arg(long, value_name = "MAJOR", default_value_t = crate::image::DEFAULT_MAJOR, value_parser = major)]
    pub pg: u32,
    /// Only scenarios whose name contains this.
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Only scenarios with this tag.
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// Leave the nodes for you to look into.
    #[arg(long, value_enum, default_value_t = Keep::Never, value_name = "WHEN")]
    pub keep: Keep,
    /// Then lead ports of this machine to the nodes and virtual addresses that are left, until Ctrl-C.
    #[arg(long, requires = "keep")]
    pub serve: bool,
    /// How long a scenario may take (default: what it says, else 10m).
    #[arg(long, value_parser = duration, value_name = "DURATION")]
    pub timeout: Option<Duration>,
    /// What becomes of a transcript that differs: left for review, accepted, or nothing.
    #[arg(long, value_enum, default_value_t = Update::Auto, value_name = "HOW")]
    pub update: Update,
    /// How nodes' networks are reached: all-processes (quick) or least (fewer rights on the engine);
    /// default: as the engine lets us.
    #[arg(long, value_name = "RIGHTS")]
    pub fabric: Option<crate::lab::Rights>,
    /// A network card of the engine's machine that playbooks may attach nodes to (`nic: true`).
    #[arg(long, value_name = "NAME")]
    pub allow_nic: Vec<String>,
    /// Pause before each step, show what comes, and ask.
    #[arg(long)]
    pub step: bool,
    /// Pause where a scenario fails, with its nodes alive, and ask.
    #[arg(long)]
    pub pause_on_failure: bool,
    /// Leave reports in this folder: JUnit, TAP, JSON lines, an asciinema cast, and the record.
    #[arg(long, value_name = "FOLDER")]
    pub report: Option<std::path::PathBuf>,
    /// Show every command, what it printed, and what images are made of.
    #[arg(long, short)]
    pub verbose: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_REPL)]
pub struct Repl {
    /// Begin inside a scenario: a file, or a name below scenarios/. It is played first.
    #[arg(long, value_name = "PLAYBOOK")]
    pub from: Option<String>,
    /// Play it only up to this step: its number, or a part of its title.
    #[arg(long, value_name = "STEP", requires = "from")]
    pub until: Option<String>,
    /// PostgreSQL's major version: 13, 15, 17 or 18.
    #[arg(long, value_name = "MAJOR", default_value_t = crate::image::DEFAULT_MAJOR, value_parser = major)]
    pub pg: u32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Keep {
    Never,
    OnFailure,
    Always,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Update {
    Auto,
    Always,
    No,
}

#[derive(Debug, clap::Args)]
pub struct List {
    /// Playbooks: files, folders, or names below scenarios/ (default: all of them).
    pub playbooks: Vec<String>,
    /// As JSON: name, path, title, tags, majors, timeout.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Check {
    /// Playbooks: files, folders, or names below scenarios/ (default: all of them).
    pub playbooks: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub struct Review {
    /// Scenarios (default: all that have something pending).
    pub names: Vec<String>,
    /// Accept all of them without asking.
    #[arg(long, group = "how")]
    pub accept: bool,
    /// Reject all of them without asking.
    #[arg(long, group = "how")]
    pub reject: bool,
    /// List them.
    #[arg(long, group = "how")]
    pub list: bool,
}

#[derive(Debug, clap::Args)]
pub struct Runs {
    /// As JSON: run, started, verdict, took (seconds), majors, scenarios, record (its path).
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Report {
    /// A run's name, an events.jsonl, or a folder that has one (default: the last run).
    pub run: Option<String>,
    /// The report's form (default: the text that the run showed, or all forms in a folder).
    #[arg(long, value_enum, value_name = "FORM")]
    pub format: Option<crate::report::Format>,
    /// The file to write to, or the folder (default: the standard output).
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<std::path::PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct Images {
    #[command(subcommand)]
    pub command: Option<ImagesCommand>,
}

#[derive(Debug, Subcommand)]
pub enum ImagesCommand {
    /// Lists the images that pgdrill made (the default).
    List,
    /// Builds an image, and those that it stands on.
    Build {
        /// A folder of images/ (default: pg).
        name: Option<String>,
        /// PostgreSQL's major version: 13, 15, 17 or 18.
        #[arg(long, value_name = "MAJOR", default_value_t = crate::image::DEFAULT_MAJOR, value_parser = major)]
        pg: u32,
        /// Show what the build prints.
        #[arg(long, short)]
        verbose: bool,
    },
    /// Removes images that pgdrill made.
    Remove {
        /// An image's name or tag (default: all of them).
        name: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub struct Clean {
    /// Only what these runs have left (default: all runs).
    pub runs: Vec<String>,
    /// Also what belongs to runs that are still going, or to other users and machines.
    #[arg(long)]
    pub all: bool,
    /// Only say what would be removed.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub struct Api {
    /// A function (default: all of them, in a line each).
    pub name: Option<String>,
    /// The whole manual in Markdown.
    #[arg(long)]
    pub markdown: bool,
}

#[derive(Debug, clap::Args)]
pub struct Tutorial {
    /// A playbook: a file, or a name below scenarios/.
    #[arg(required_unless_present = "docs")]
    pub playbook: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Md)]
    pub format: Format,
    /// PostgreSQL's major version: 13, 15, 17 or 18.
    #[arg(long, value_name = "MAJOR", default_value_t = crate::image::DEFAULT_MAJOR, value_parser = major)]
    pub pg: u32,
    /// Write it to a file.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<std::path::PathBuf>,
    /// Write the tutorials of all scenarios to docs/, with an index.
    #[arg(long, group = "docs", conflicts_with_all = ["playbook", "format", "pg", "output"])]
    pub write: bool,
    /// Fail if docs/ is not what --write would write.
    #[arg(long, group = "docs", conflicts_with_all = ["playbook", "format", "pg", "output"])]
    pub check: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    /// Markdown in GitHub's flavour.
    Md,
    /// One HTML file that needs nothing else.
    Html,
    /// A script of bash that plays it with the docker client alone.
    Sh,
}

#[derive(Debug, clap::Args)]
pub struct New {
    /// The new playbook's name: `first` makes scenarios/first.rhai.
    pub name: String,
}

#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell, as in: source <(pgdrill completions bash)
    pub shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub struct Defs {
    /// Where the `.d.rhai` files go: a folder that the Rhai language server reads.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct Man {
    /// Where the pages go, such as ~/.local/share/man/man1 (default: the first one is printed).
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct Inside {
    /// The node's name.
    pub node: String,
    /// The run (default: the only one that has such a node).
    pub run: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_PROXY)]
pub struct Proxy {
    /// A node, or an address of a scenario's networks, such as a virtual one (default: lists what
    /// there is).
    #[arg(value_name = "NODE|VIP")]
    pub to: Option<String>,
    /// A port of 127.0.0.1 (default: one that is free).
    pub port: Option<String>,
    /// The run (default: the only one that has it).
    pub run: Option<String>,
}

/// Wrong durations are called what they are in a playbook.
fn duration(text: &str) -> Result<Duration, &'static str> {
    humantime::parse_duration(text).map_err(|_| "it must be a duration such as \"5m\"")
}

fn major(text: &str) -> Result<u32, String> {
    crate::image::major(text, crate::image::Settings::of_process().pgdg)
}
