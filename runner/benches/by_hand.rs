//! Drills against the same drills by hand: runs a shell script and pgdrill in turn, with images
//! present, and prints both medians and their ratio.
//!
//! `cargo run --release --example by_hand -- pitr path/to/pitr.sh [RUNS [REST]]`
//!
//! REST is how many seconds each run waits before it begins, 61 if nothing is said. An ext4 file system
//! without a journal, as small virtual machines have, does not give a deleted file's inode out again for
//! a minute, and passes over each of them for every new file: the thousands of files that one run deletes
//! slow down the next, whoever made them. After a minute a run finds the disk as a single one does. With a
//! journal there is no such thing, and `5 0`, back to back, says the same.
//!
//! The script gets the image's name as its argument. Only what the script does too is played: a
//! scenario up to the step named below, else the playbook of that name beside this file.

#![expect(clippy::print_stdout, reason = "it is what this program is for")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The first step of each scenario that its script does not have.
const BEYOND: [(&str, &str); 1] = [("pitr", "step(\"Recovered to a name\");")];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, script) = match arguments.as_slice() {
        [name, script, ..] => (name.as_str(), script.as_str()),
        _ => panic!("usage: by_hand SCENARIO SCRIPT [RUNS]"),
    };
    let runs = arguments
        .get(2)
        .map_or(5, |it| it.parse().expect("RUNS is a number"));
    let rest = arguments
        .get(3)
        .map_or(61, |it| it.parse().expect("REST is a number of seconds"));
    let rest = Duration::from_secs(rest);
    let pgdrill = std::env::current_exe()
        .expect("we run")
        .with_file_name("../pgdrill");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let playbook = shortened(name, folder.path());
    let mut drill = Command::new(pgdrill);
    drill.args(["run", "--update", "always"]).arg(playbook);
    let image = image();
    let mut by_hand = Command::new("bash");
    by_hand.arg(script).arg(&image);
    println!("{name}, {runs} runs each in turn, {rest:?} apart, image {image}");
    timed(&mut drill, Duration::ZERO);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for run in 1..=runs {
        theirs.push(timed(&mut by_hand, rest));
        ours.push(timed(&mut drill, rest));
        println!(
            "{run:3}  by hand {:6.2} s   pgdrill {:6.2} s",
            theirs[run - 1].as_secs_f64(),
            ours[run - 1].as_secs_f64()
        );
    }
    let (theirs, ours) = (median(theirs), median(ours));
    println!(
        "median  by hand {:.2} s, pgdrill {:.2} s, ratio {:.2}",
        theirs,
        ours,
        ours / theirs
    );
}

/// The playbook of what the script does, in a root of its own.
fn shortened(name: &str, folder: &Path) -> std::path::PathBuf {
    let read = |path: String| std::fs::read_to_string(path).expect("run it in the clone");
    let part = match BEYOND.iter().find(|(it, _)| *it == name) {
        Some((_, end)) => {
            let source = read(format!("scenarios/{name}.rhai"));
            let (part, _) = source.split_once(end).expect("the step is there");
            part.to_owned()
        }
        None => read(format!("runner/benches/{name}.rhai")),
    };
    let folder = folder.join("scenarios");
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join(format!("{name}.rhai"));
    std::fs::write(&file, part).expect("a file");
    file
}

/// The newest image of the default major that pgdrill built.
fn image() -> String {
    let output = Command::new("docker")
        .args([
            "image",
            "ls",
            "--format",
            "{{.Repository}}:{{.Tag}}",
            "pgdrill/pg",
        ])
        .output()
        .expect("the docker client, for the script");
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    let image = names.lines().find(|it| it.starts_with("pgdrill/pg:17-"));
    of_root(image.expect("build it first: pgdrill images build"))
}

/// The same image with root as its user, as the scripts want it: they change addresses.
fn of_root(image: &str) -> String {
    let docker = |arguments: &[&str]| {
        let output = Command::new("docker").args(arguments).output();
        let output = output.expect("the docker client, for the script");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let name = "pgdrill-by-hand";
    let container = docker(&["create", image]);
    docker(&["commit", "--change", "USER root", &container, name]);
    docker(&["rm", &container]);
    name.to_owned()
}

fn timed(command: &mut Command, rest: Duration) -> Duration {
    // What the run before has left unwritten is not this run's to wait for.
    Command::new("sync").status().expect("coreutils are there");
    std::thread::sleep(rest);
    let begun = Instant::now();
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("it starts");
    assert!(status.success(), "{command:?} failed: {status}");
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}
