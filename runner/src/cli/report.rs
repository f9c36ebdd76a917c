//! `pgdrill report`: reports of a run, made from its record at any time later.

use std::path::{Path, PathBuf};

use super::args::{self, Args};
use super::{code, out};
use crate::problem::{Blame, Problem};
use crate::record::{self, Folder, Runs};
use crate::report::{Look, Terminal};

pub fn report(args: &Args, report: &args::Report) -> Result<u8, Problem> {
    let events = record::read(&record_of(report.run.as_deref())?)?;
    match (report.format, &report.output) {
        (None, None) => {
            let look = Look {
                color: args.color_on(&std::io::stdout()),
                motion: false,
                verbose: false,
            };
            let mut text = Vec::new();
            let mut terminal = Terminal::new(&mut text, look);
            for event in &events {
                terminal.tell(event);
            }
            drop(terminal);
            out::print(String::from_utf8_lossy(&text).trim_start());
        }
        (None, Some(path)) => {
            let folder = match Folder::prepare(path) {
                Ok(folder) => folder,
                Err(problem) => return Ok(super::misused(&problem, args)),
            };
            folder.record(&events)?;
            folder.fill(&events)?;
        }
        (Some(format), None) => out::print(&format.render(&events)),
        (Some(format), Some(path)) => {
            let path = if path.is_dir() {
                path.join(format.file())
            } else {
                path.clone()
            };
            std::fs::write(&path, format.render(&events)).map_err(|error| {
                let message = format!("`{}` can't be written: {error}", path.display());
                Problem::new(Blame::Environment, message)
            })?;
        }
    }
    Ok(code::PASSED)
}

/// The record that is meant: a file, a folder with one, a run's name, or else the last run's.
fn record_of(run: Option<&str>) -> Result<PathBuf, Problem> {
    if let Some(run) = run {
        let path = Path::new(run);
        if path.is_file() {
            return Ok(path.to_owned());
        }
        if path.join(record::FILE).is_file() {
            return Ok(path.join(record::FILE));
        }
    }
    let runs = Runs::of_user()?.list();
    let found = match run {
        Some(name) => runs.iter().find(|it| it.name == name),
        None => runs.first(),
    };
    found.map(record::Run::record).ok_or_else(|| match run {
        Some(name) => Problem::new(
            Blame::Playbook,
            format!("there is no run `{name}`, and no file or folder of that name with a record"),
        )
        .note("`pgdrill runs` lists the runs whose records are kept"),
        None => Problem::new(Blame::Playbook, "no run has left a record yet")
            .note("`pgdrill run` leaves one"),
    })
}
