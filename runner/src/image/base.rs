//! The base image of a distribution's release: present, pulled, or made from the package archive.

use std::time::Instant;

use crate::engine;

use super::archive::root_file_system;
use super::lock::lock;
use super::{Progress, Result, Say};

/// The name of a base image that we made.
pub(super) fn made(release: &str) -> String {
    format!("pgdrill/debian:{release}")
}

/// Gives the name of an image with the release's root file system.
pub(super) async fn base(
    engine: &dyn engine::Images,
    release: &str,
    say: Say<'_>,
) -> Result<String> {
    let published = format!("debian:{release}-slim");
    let made = made(release);
    let image = format!("debian:{release}");
    if let Some(name) = present(engine, [&published, &made]).await? {
        return Ok(name);
    }
    let _lock = lock(&made, || {
        say(Progress::Said {
            image: image.clone(),
            line: "another run is getting it: waiting".to_owned(),
        });
    })
    .await?;
    if let Some(name) = present(engine, [&published, &made]).await? {
        return Ok(name);
    }
    let begun = Instant::now();
    let finished = |image: String| {
        say(Progress::Finished {
            image,
            took: begun.elapsed(),
        });
    };
    let Err(refusal) = engine.pull(&published).await else {
        finished(image);
        return Ok(published);
    };
    say(Progress::Started {
        image: image.clone(),
        why: "no registry answers: made from the package archive".to_owned(),
    });
    let said = |line: &str| {
        say(Progress::Said {
            image: image.clone(),
            line: line.to_owned(),
        });
    };
    said(&refusal.to_string());
    let packed = root_file_system(release, &image, &said).await?;
    engine.import(&made, packed.file.clone()).await?;
    finished(image.clone());
    Ok(made)
}

async fn present(engine: &dyn engine::Images, names: [&String; 2]) -> Result<Option<String>> {
    for name in names {
        if engine.image(name).await?.is_some() {
            return Ok(Some(name.clone()));
        }
    }
    Ok(None)
}
