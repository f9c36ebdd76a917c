//! `pgdrill images`: lists, builds and removes the images of nodes.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::args::{self, Args, ImagesCommand};
use super::out::{columns, print};
use super::{code, run::here};
use crate::engine::Docker;
use crate::event::{Event, What};
use crate::image::{Images, Listed, Progress, Settings};
use crate::problem::{Blame, Problem};
use crate::report::{Look, Terminal};

pub async fn images(args: &Args, images: &args::Images) -> Result<u8, Problem> {
    let engine = Arc::new(Docker::connect(args.host.as_deref()).await?);
    let known = Images::new(engine, vec![here()?], Settings::of_process());
    match images.command.as_ref().unwrap_or(&ImagesCommand::List) {
        ImagesCommand::List => list(&known).await,
        ImagesCommand::Build { name, pg, verbose } => {
            let look = Look {
                color: args.color(),
                motion: std::io::stderr().is_terminal(),
                verbose: *verbose,
            };
            build(&known, name.as_deref().unwrap_or("pg"), *pg, look).await
        }
        ImagesCommand::Remove { name } => remove(&known, name.as_deref()).await,
    }
}

async fn list(images: &Images) -> Result<u8, Problem> {
    let listed = images.list().await?;
    if listed.is_empty() {
        anstream::eprintln!(
            "no images yet: `pgdrill run` builds what a playbook needs, `pgdrill images build` the default one"
        );
        return Ok(code::PASSED);
    }
    let head = ["NAME", "PG", "VERSION", "SIZE", "STATE", "TAG"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head.to_vec())
        .chain(listed.iter().map(row))
        .collect();
    print(&columns(&rows));
    Ok(code::PASSED)
}

fn row(image: &Listed) -> Vec<String> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    vec![
        image.name.clone(),
        or_dash(image.major.map(|major| major.to_string())),
        or_dash(image.version.clone()),
        format!("{} MB", image.size / 1_000_000),
        if image.current { "current" } else { "old" }.to_owned(),
        image.tag.clone(),
    ]
}

/// The image's tag is the data; the progress is what `run` shows of it.
async fn build(images: &Images, name: &str, major: u32, look: Look) -> Result<u8, Problem> {
    let Some(_) = images.tag(name, major)? else {
        let message = format!("there is no recipe for an image `{name}`");
        return Err(Problem::new(Blame::Playbook, message)
            .note(format!("there are: {}", images.recipes().join(", ")))
            .note(format!("`images/{name}/Dockerfile` would be one")));
    };
    let begun = Instant::now();
    let terminal = Mutex::new(Terminal::new(std::io::stderr(), look));
    let say = |progress| {
        let what = match progress {
            Progress::Started { image, why } => What::ImageStarted { image, why },
            Progress::Said { image, line } => What::ImageSaid { image, line },
            Progress::Finished { image, took } => What::ImageFinished { image, took },
        };
        let at = begun.elapsed();
        let event = Event {
            at,
            scenario: None,
            what,
        };
        terminal.lock().expect("no panic holds it").tell(&event);
    };
    let provided = images.provide(name, major, &say).await?;
    print(&format!("{}\n", provided.tag));
    Ok(code::PASSED)
}

async fn remove(images: &Images, name: Option<&str>) -> Result<u8, Problem> {
    let removed = images.remove(name).await?;
    if let (Some(name), true) = (name, removed.is_empty()) {
        let message = format!("there is no image `{name}` that pgdrill made");
        return Err(
            Problem::new(Blame::Playbook, message).note("`pgdrill images` lists what is there")
        );
    }
    for image in removed {
        print(&format!("removed {}\n", image.tag));
    }
    Ok(code::PASSED)
}
