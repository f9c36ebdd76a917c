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

pub(super) fn published(release: &str) -> String {
    format!("debian:{release}-slim")
}

/// Gives the name of an image with the release's root file system.
pub(super) async fn base(
    engine: &dyn engine::Images,
    release: &str,
    say: Say<'_>,
) -> Result<String> {
    let published = published(release);
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
    say(Progress::Started {
        image: image.clone(),
        why: "not on the engine".to_owned(),
    });
    let said = |line: &str| {
        say(Progress::Said {
            image: image.clone(),
            line: line.to_owned(),
        });
    };
    let name = pull_or_make(engine, release, &image, &said).await?;
    say(Progress::Finished {
        image: image.clone(),
        took: begun.elapsed(),
    });
    Ok(name)
}

async fn pull_or_make(
    engine: &dyn engine::Images,
    release: &str,
    image: &str,
    said: &(dyn Fn(&str) + Send + Sync),
) -> Result<String> {
    let published = published(release);
    said(&format!("pulling {published}"));
    let Err(refusal) = engine.pull(&published).await else {
        return Ok(published);
    };
    said(&refusal.to_string());
    said("no registry gives it: making it from the package archive");
    let made = made(release);
    let packed = root_file_system(release, image, said).await?;
    engine.import(&made, packed.file.clone()).await?;
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
