//! At the keyboard: the program on a terminal of its own, and what is typed there.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::drill::{Root, command};
use crate::left::left;

crate::trials!(
    a_step_waits_and_a_program_is_opened_in_a_node,
    quitting_at_a_pause_cleans_up,
    a_signal_at_a_pause_cleans_up_and_gives_the_terminal_back,
    a_failure_waits_with_its_nodes_alive,
    without_a_terminal_nobody_can_be_asked,
);

const PATIENCE: Duration = Duration::from_secs(90);
const PROMPT: &str = "pgdrill> ";
const ENTER: &str = "\r";

/// The program on a terminal, which `script` makes.
pub struct Typed {
    child: Child,
    keys: ChildStdin,
    screen: Receiver<Vec<u8>>,
    seen: String,
    /// So much of it was waited for.
    read: usize,
}

impl Typed {
    pub fn start(root: &Root, arguments: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_pgdrill");
        // No shell stays between: `dash` would end with 130 for a Ctrl-C that the program survives.
        let inner = format!("echo pid $$; exec {program} {arguments}");
        let mut script = command(root.path(), &[]);
        let mut child = std::process::Command::new("script")
            .args(["-qefc", &inner, "/dev/null"])
            .current_dir(script.get_current_dir().expect("it is set"))
            .envs(
                script
                    .env("TERM", "xterm")
                    .get_envs()
                    .filter_map(|(key, value)| Some((key, value?))),
            )
            .env_remove("CI")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`script` (of util-linux) is there");
        let mut output = child.stdout.take().expect("it is piped");
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                let _ = sender.send(buffer[..read].to_vec());
            }
        });
        Self {
            keys: child.stdin.take().expect("it is piped"),
            child,
            screen,
            seen: String::new(),
            read: 0,
        }
    }

    /// Waits until this is on the screen, after what was waited for before.
    pub fn until(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen[self.read..].find(text) {
                self.read += at + text.len();
                return;
            }
            let rest = end.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(rest) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(why) => panic!("it never shows {text:?} ({why}):\n{}", self.seen),
            }
        }
    }

    /// Types a line where this is waited for.
    pub fn at(&mut self, prompt: &str, keys: &str) {
        self.until(prompt);
        self.keys.write_all(keys.as_bytes()).expect("it reads");
        self.keys.flush().expect("it reads");
    }

    fn word_after(&self, lead: &str) -> String {
        let after = self.seen.split(lead).nth(1).expect("it was shown");
        after.split_whitespace().next().expect("a word").to_owned()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = self.word_after("pid ").parse().expect("a number");
        let pid = Pid::from_raw(pid).expect("a process");
        kill_process(pid, signal).expect("it is there");
    }

    /// Its end must have this exit code; gives all that was on the screen.
    pub fn ended(mut self, code: i32) -> String {
        let status = self.child.wait().expect("it ends");
        while let Ok(bytes) = self.screen.recv() {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        assert_eq!(status.code(), Some(code), "{}", self.seen);
        self.seen
    }

    /// The same for a run, which must leave nothing behind.
    fn ends(self, code: i32) {
        let run = self.word_after("run ");
        let shown = self.ended(code);
        assert_eq!(left(&run), [""; 0], "{shown}");
    }
}

const TWO_STEPS: &str = r#"
step("One");
let a = start_node("a");
psql(a, "create table t as select 42 as i");
step("Two");
print("the value is " + value(a, "select i from t"));
"#;

fn a_step_waits_and_a_program_is_opened_in_a_node() {
    let root = Root::with(TWO_STEPS);
    let mut typed = Typed::start(&root, "run drill --step --verbose");
    typed.until("1/2");
    typed.at(PROMPT, ENTER);
    typed.until("2/2");
    typed.until("the value is");
    typed.at(PROMPT, "nodes\r");
    typed.until("-1-a");
    typed.at(PROMPT, "psql a\r");
    typed.at("postgres=# ", "update t set i = 43;\r");
    typed.until("UPDATE 1");
    typed.at("postgres=# ", "\\q\r");
    typed.at(PROMPT, "next\r");
    typed.until("the value is 43");
    // It has no snapshot.
    typed.ends(1);
}

fn quitting_at_a_pause_cleans_up() {
    let root = Root::with(TWO_STEPS);
    let mut typed = Typed::start(&root, "run drill --step --verbose");
    typed.at(PROMPT, "to two\r");
    typed.until("2/2");
    typed.at(PROMPT, "\x03");
    typed.until("1 stopped");
    typed.ends(130);
}

fn a_signal_at_a_pause_cleans_up_and_gives_the_terminal_back() {
    let root = Root::with(TWO_STEPS);
    let mut typed = Typed::start(&root, "run drill --step --verbose");
    typed.at(PROMPT, "to two\r");
    typed.until("2/2");
    typed.until(PROMPT);
    typed.signal(Signal::TERM);
    // What the line editor has asked of the terminal is taken back.
    typed.until("\x1b[?2004l");
    typed.until("1 stopped");
    typed.ends(143);
}

fn a_failure_waits_with_its_nodes_alive() {
    let root = Root::with(
        r#"
step("One");
let a = start_node("a");
fails(|| lab("In vain", || { start_node("b"); expect(false, "nobody waits for this"); }));
expect_eq(value(a, "select 1"), 2);
"#,
    );
    let mut typed = Typed::start(&root, "run drill --pause-on-failure --verbose");
    typed.until("not equal");
    typed.at(PROMPT, "sh a\r");
    typed.at("$ ", "echo $((6*7)); exit\r");
    typed.until("42\r");
    typed.at(PROMPT, "next\r");
    typed.until("1 failed");
    typed.ends(1);
}

fn without_a_terminal_nobody_can_be_asked() {
    let root = Root::with(TWO_STEPS);
    for option in ["--step", "--pause-on-failure"] {
        let output = command(root.path(), &["run", "drill", option]).output();
        let output = output.expect("it starts");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(2) && err.contains("there is no terminal to ask on"),
            "{err}"
        );
    }
}
