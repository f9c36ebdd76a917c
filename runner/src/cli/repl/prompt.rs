//! The prompt: reads lines of the language, and does what is said besides.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};

use rustyline::Editor;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;

use super::command::{self, Command};
use super::complete::Vocabulary;
use crate::cli::api;
use crate::cli::keyboard::editor::{Tty, config};
use crate::cli::keyboard::scene::Standing;
use crate::cli::keyboard::{preview, program};
use crate::report::Look;
use crate::script;
use crate::session::Keys;

/// What is known when a line is asked for.
pub struct Asked {
    pub standing: Standing,
    pub variables: Vec<String>,
    pub playbook: String,
    /// A line has failed.
    pub failed: bool,
}

/// Asks on a thread of its own, so that a signal ends the run meanwhile.
pub struct Prompt {
    asked: Sender<Asked>,
    raw: Arc<AtomicBool>,
    tty: Tty,
}

impl Prompt {
    pub fn start(keys: Keys, host: Option<String>, look: Look, terminal: bool) -> Self {
        let (asked, turns) = channel();
        let raw = Arc::new(AtomicBool::new(false));
        let tty = Tty::now();
        let mut reader = Asker {
            host,
            look,
            raw: Arc::clone(&raw),
            tty: tty.clone(),
            greeted: false,
        };
        std::thread::spawn(move || {
            let mut lines = Lines::of(terminal);
            while let Ok(turn) = turns.recv() {
                match reader.next(&mut lines, &turn) {
                    Some(text) => keys.line(text),
                    // Without its keys the session ends.
                    None => break,
                }
            }
        });
        Self { asked, raw, tty }
    }

    pub fn ask(&self, asked: Asked) {
        // It has ended if the last line was read; then the session ends too.
        let _ = self.asked.send(asked);
    }

    pub fn raw(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.raw)
    }

    pub fn tty(&self) -> Tty {
        self.tty.clone()
    }
}

/// Where lines come from.
enum Lines {
    Typed(Box<Editor<Vocabulary, FileHistory>>),
    Piped,
}

impl Lines {
    fn of(terminal: bool) -> Self {
        let editor = terminal.then(|| Editor::with_history(config(), FileHistory::new()));
        let Some(Ok(mut editor)) = editor else {
            return Self::Piped;
        };
        editor.set_helper(Some(Vocabulary::new()));
        if let Some(file) = history() {
            // There is none the first time.
            let _ = editor.load_history(&file);
        }
        Self::Typed(Box::new(editor))
    }

    /// A whole line, which may be several in the text; none: the input has ended.
    fn next(&mut self, asked: &Asked, tty: &Tty) -> Option<String> {
        match self {
            Self::Typed(editor) => {
                if let Some(vocabulary) = editor.helper_mut() {
                    vocabulary.knows(asked);
                }
                typed(editor, tty)
            }
            Self::Piped => piped(),
        }
    }
}

fn typed(editor: &mut Editor<Vocabulary, FileHistory>, tty: &Tty) -> Option<String> {
    loop {
        match tty.read(|| editor.readline("pgdrill> ")) {
            Ok(line) => {
                if let Some(file) = history() {
                    // A history that can't be kept is no reason to stop.
                    let _ = editor.append_history(&file);
                }
                return Some(line);
            }
            // The line that is being typed is dropped, or the window has another size.
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => {}
            Err(_) => return None,
        }
    }
}

fn piped() -> Option<String> {
    let engine = script::vocabulary();
    let mut text = String::new();
    loop {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        if !matches!(read, Ok(1..)) {
            return (!text.trim().is_empty()).then_some(text);
        }
        text.push_str(&line);
        if text.trim().is_empty() {
            text.clear();
        } else if !script::is_open(&engine, &text) {
            return Some(text);
        }
    }
}

/// The file of the lines that were typed, in the user's state folder.
fn history() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty());
    let state = set("XDG_STATE_HOME").map(PathBuf::from);
    let folder = state.or_else(|| Some(PathBuf::from(set("HOME")?).join(".local/state")))?;
    let folder = folder.join("pgdrill");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

struct Asker {
    host: Option<String>,
    look: Look,
    raw: Arc<AtomicBool>,
    tty: Tty,
    greeted: bool,
}

impl Asker {
    /// The next line of the language; none: that was all.
    fn next(&mut self, lines: &mut Lines, asked: &Asked) -> Option<String> {
        let terminal = matches!(lines, Lines::Typed(_));
        if !terminal && asked.failed {
            return None;
        }
        if terminal && !std::mem::replace(&mut self.greeted, true) {
            self.say("\na line is run as it is typed; Tab completes, :help says what else, Ctrl-D ends\n");
        }
        loop {
            let line = lines.next(asked, &self.tty)?;
            if line.trim().is_empty() {
                continue;
            }
            match command::parse(&line) {
                None => return Some(line),
                Some(Ok(Command::Quit)) => return None,
                Some(Ok(command)) => self.obey(&command, asked),
                Some(Err(why)) => self.say(&format!("{why}\n")),
            }
        }
    }

    fn obey(&self, command: &Command, asked: &Asked) {
        let standing = &asked.standing;
        let done = match command {
            Command::Help(None) => Ok(command::help()),
            Command::Help(Some(name)) => {
                (api::one(name).map(|it| format!("{it}\n"))).map_err(|problem| problem.message)
            }
            Command::Nodes => Ok(preview::nodes(standing)),
            Command::Variables => Ok(format!("  {}\n", asked.variables.join(", "))),
            Command::Inside(what, node) => program::choose(&standing.nodes, node.as_deref())
                .and_then(|node| program::open(what, node, self.host.as_deref()))
                .map(|()| String::new()),
            Command::Transcript => Ok(format!("{}\n", standing.transcript)),
            Command::Playbook => Ok(asked.playbook.clone()),
            Command::Raw => {
                self.raw.store(true, Ordering::Release);
                Ok("values are shown as they are from here on\n".to_owned())
            }
            Command::Save(file) => save(Path::new(file), &asked.playbook),
            Command::Quit => Ok(String::new()),
        };
        match done {
            Ok(text) => self.say(&text),
            Err(why) => self.say(&format!("{why}\n")),
        }
    }

    fn say(&self, text: &str) {
        if self.look.color {
            anstream::eprint!("{text}");
        } else {
            anstream::eprint!("{}", anstream::adapter::strip_str(text));
        }
    }
}

/// Writes what was done as a playbook; never over another one.
fn save(file: &Path, playbook: &str) -> Result<String, String> {
    let file = match file.extension() {
        Some(_) => file.to_path_buf(),
        None => file.with_extension("rhai"),
    };
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let title = if playbook.trim_start().starts_with("//!") {
        String::new()
    } else {
        format!("//! # {}\n\n", crate::cli::new::title(&name))
    };
    let write =
        || std::fs::File::create_new(&file)?.write_all(format!("{title}{playbook}").as_bytes());
    match write() {
        Ok(()) => Ok(format!("{} is written\n", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(format!(
            "{} is there already; nothing was written",
            file.display()
        )),
        Err(error) => Err(format!("{} can't be written: {error}", file.display())),
    }
}
