//! The end of a run on the terminal: what is left of it, and how many of its scenarios went how.

use std::io::Write;
use std::time::Duration;

use anstyle::Style;

use super::{BAD, GOOD, Terminal, seconds};

impl<W: Write> Terminal<W> {
    /// What can be done with nodes that are left; without its run, `clean` removes those of all runs.
    pub(super) fn kept(&mut self, nodes: &[String]) {
        self.heading();
        self.line("  left for you to look into:");
        let run = self.run.clone();
        for node in nodes {
            self.line(&format!("    pgdrill psql {node} {run}    pgdrill sh {node} {run}    pgdrill logs {node} {run}"));
        }
        let clean = format!("pgdrill clean {run}");
        for (command, does) in [
            ("pgdrill proxy", "leads ports of this machine to them"),
            (clean.as_str(), "removes them"),
        ] {
            self.line(&format!("    {command:<22}{does}"));
        }
    }

    pub(super) fn summary(&mut self, took: Duration) {
        self.spinner.finish_and_clear();
        let order = ["passed", "failed", "errored", "stopped", "skipped"];
        let counts: Vec<_> = (order.iter())
            .filter_map(|word| self.counts.get(word).map(|count| (*word, *count)))
            .map(|(word, count)| {
                let style = match word {
                    "passed" => GOOD,
                    "skipped" => Style::new(),
                    _ => BAD,
                };
                self.styled(style, &format!("{count} {word}"))
            })
            .collect();
        let counts = if counts.is_empty() {
            "nothing was run".to_owned()
        } else {
            counts.join(", ")
        };
        self.line("");
        self.line(&format!("{counts} in {}", seconds(took)));
    }
}
