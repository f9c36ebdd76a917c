//! Provides images: what is present is used, what is missing is built, once, parents first.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::engine::{self, Build, IMAGE_LABEL, ImageInfo, MAJOR_LABEL, RUN_LABEL, VERSION_LABEL};

use super::base::{base, made};
use super::lock::lock;
use super::plan::{Planned, plan};
use super::{Error, MAJORS, Progress, Result, Say, Settings, recipe};

/// The images of an engine, and the recipes that can make them.
#[derive(Debug, Clone)]
pub struct Images {
    engine: Arc<dyn engine::Images>,
    /// Folders whose `images/` goes before the recipes that are brought along, first one first.
    roots: Vec<PathBuf>,
    settings: Settings,
}

/// An image that is there.
#[derive(Debug, Clone)]
pub struct Provided {
    /// What containers are created from.
    pub tag: String,
    pub info: ImageInfo,
    /// The server's full version (`17.6`), where the image says it.
    pub version: Option<String>,
}

/// An image that pgdrill made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The recipe's name; `debian` for a base.
    pub name: String,
    pub major: Option<u32>,
    pub version: Option<String>,
    pub tag: String,
    /// Bytes.
    pub size: i64,
    /// Its recipe, as it is now, makes this very image.
    pub current: bool,
}

impl Images {
    pub fn new(engine: Arc<dyn engine::Images>, roots: Vec<PathBuf>, settings: Settings) -> Self {
        Self {
            engine,
            roots,
            settings,
        }
    }

    /// The names that can be built.
    pub fn recipes(&self) -> Vec<String> {
        recipe::names(&self.roots)
    }

    /// Whether the name has a recipe: its tag, made of what the recipe is now.
    pub fn tag(&self, name: &str, major: u32) -> Result<Option<String>> {
        let plan = plan(&self.roots, &self.settings, name, major)?;
        Ok(plan.last().map(|image| image.tag.clone()))
    }

    /// The image of this name, built if need be.
    pub async fn provide(&self, name: &str, major: u32, say: Say<'_>) -> Result<Provided> {
        let plan = plan(&self.roots, &self.settings, name, major)?;
        let Some(image) = plan.last() else {
            return self.foreign(name, say).await;
        };
        if let Some(there) = self.look(&image.tag).await? {
            return Ok(there);
        }
        for image in &plan {
            self.ensure(image, say).await?;
        }
        let there = self.look(&image.tag).await?;
        there.ok_or_else(|| Error::Missing {
            image: name.to_owned(),
            why: format!("`{}` was built and is gone again", image.tag),
        })
    }

    /// The image of this name if it is there as its recipe makes it.
    pub async fn present(&self, name: &str, major: u32) -> Result<Option<Provided>> {
        let plan = plan(&self.roots, &self.settings, name, major)?;
        let tag = plan.last().map_or(name, |image| image.tag.as_str());
        self.look(tag).await
    }

    /// All images that pgdrill made, those of the current recipes first.
    pub async fn list(&self) -> Result<Vec<Listed>> {
        let mut listed: Vec<_> = self
            .engine
            .our_images()
            .await?
            .iter()
            // A node that was committed has its image's labels too.
            .filter(|info| info.label(RUN_LABEL).is_none())
            .flat_map(|info| info.names.iter().map(move |tag| (info, tag)))
            .filter(|(_, tag)| tag.contains("pgdrill/"))
            .map(|(info, tag)| self.listed(info, tag))
            .collect();
        for (_, release) in MAJORS {
            let tag = made(release);
            let Some(info) = self.engine.image(&tag).await? else {
                continue;
            };
            listed.push(Listed {
                name: "debian".to_owned(),
                major: None,
                version: Some(release.to_owned()),
                tag,
                size: info.size,
                current: true,
            });
        }
        listed.sort_by(|a, b| (!a.current, &a.name, a.major).cmp(&(!b.current, &b.name, b.major)));
        Ok(listed)
    }

    /// Removes the images of this name, or all that pgdrill made; gives what was removed.
    pub async fn remove(&self, name: Option<&str>) -> Result<Vec<Listed>> {
        let mut listed = self.list().await?;
        listed.retain(|image| name.is_none_or(|name| image.name == name || image.tag == name));
        for image in &listed {
            self.engine.remove_image(&image.tag).await?;
        }
        Ok(listed)
    }

    fn listed(&self, info: &ImageInfo, tag: &str) -> Listed {
        let name = info.label(IMAGE_LABEL).unwrap_or_default().to_owned();
        let major = info.label(MAJOR_LABEL).and_then(|it| it.parse().ok());
        let now = major.and_then(|major| self.tag(&name, major).ok().flatten());
        Listed {
            current: now.is_some_and(|now| tag.ends_with(&now)),
            version: version(info),
            tag: tag.to_owned(),
            size: info.size,
            name,
            major,
        }
    }

    async fn look(&self, tag: &str) -> Result<Option<Provided>> {
        let info = self.engine.image(tag).await?;
        Ok(info.map(|info| Provided {
            tag: tag.to_owned(),
            version: version(&info),
            info,
        }))
    }

    /// An image without a recipe: present, or pulled.
    async fn foreign(&self, name: &str, say: Say<'_>) -> Result<Provided> {
        if let Some(there) = self.look(name).await? {
            return Ok(there);
        }
        let begun = Instant::now();
        say(Progress::Started {
            image: name.to_owned(),
            why: "not on the engine: pulling it".to_owned(),
        });
        let missing = |why: String| Error::Missing {
            image: name.to_owned(),
            why,
        };
        let pulled = self.engine.pull(name).await;
        pulled.map_err(|error| missing(error.to_string()))?;
        say(Progress::Finished {
            image: name.to_owned(),
            took: begun.elapsed(),
        });
        let there = self.look(name).await?;
        there.ok_or_else(|| missing("it was pulled and is not there".to_owned()))
    }

    async fn ensure(&self, image: &Planned, say: Say<'_>) -> Result<()> {
        if self.engine.image(&image.tag).await?.is_some() {
            return Ok(());
        }
        let say_line = |line: &str| {
            say(Progress::Said {
                image: image.title.clone(),
                line: line.to_owned(),
            });
        };
        let _lock = lock(&image.tag, || {
            say_line("another run is building it: waiting");
        })
        .await?;
        if self.engine.image(&image.tag).await?.is_some() {
            return Ok(());
        }
        let mut arguments = image.arguments.clone();
        if let Some(release) = image.release {
            let base = base(self.engine.as_ref(), release, say).await?;
            arguments.push(("BASE_IMAGE".to_owned(), base));
        }
        let begun = Instant::now();
        say(Progress::Started {
            image: image.title.clone(),
            why: self.why(image, &arguments).await?,
        });
        let built = self.build(image, arguments, &say_line).await;
        built.map_err(|error| named(error, &image.title))?;
        say(Progress::Finished {
            image: image.title.clone(),
            took: begun.elapsed(),
        });
        Ok(())
    }

    async fn why(&self, image: &Planned, arguments: &[(String, String)]) -> Result<String> {
        let has = |info: &ImageInfo| {
            info.label(IMAGE_LABEL) == Some(image.name.as_str())
                && info.label(MAJOR_LABEL) == Some(image.major.to_string().as_str())
        };
        let older = self.engine.our_images().await?.iter().any(has);
        let base = arguments.iter().find(|(name, _)| name == "BASE_IMAGE");
        Ok(match (older, base) {
            (true, _) => "its recipe has changed".to_owned(),
            (false, Some((_, base))) => format!("built from {base}"),
            (false, None) => "not built yet".to_owned(),
        })
    }

    /// Builds and labels. The server's version is known when it is installed, so the image that
    /// installs it gets its labels, and its tag, in a second step; children inherit the version.
    async fn build(
        &self,
        image: &Planned,
        mut args: Vec<(String, String)>,
        said: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<()> {
        args.extend(self.settings.proxies.iter().cloned());
        let mut labels = vec![
            (IMAGE_LABEL.to_owned(), image.name.clone()),
            (MAJOR_LABEL.to_owned(), image.major.to_string()),
        ];
        let build = |name: &str, context| Build {
            name: name.to_owned(),
            context,
            args,
            labels: Vec::new(),
        };
        if self.inherits_version(image).await? {
            let build = build(&image.tag, image.ready.context(&labels));
            return Ok(self.engine.build(build, said).await?);
        }
        let unfinished = format!("{}-unfinished", image.tag);
        let build = build(&unfinished, image.ready.context(&[]));
        let mut version = self.build_and_hear(build, said).await?;
        if version.is_none() {
            version = self.ask_version(&unfinished).await?;
        }
        labels.extend(version.map(|version| (VERSION_LABEL.to_owned(), version)));
        let labelled = small(&image.tag, &format!("FROM {unfinished}"), &labels);
        self.engine.build(labelled, &|_| ()).await?;
        Ok(self.engine.remove_image(&unfinished).await?)
    }

    /// Builds, and gives the server's version if a step printed it.
    async fn build_and_hear(
        &self,
        build: Build,
        said: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<Option<String>> {
        let heard = Mutex::new(None);
        let hear = |line: &str| {
            said(line);
            if let Some(version) = printed_version(line) {
                *heard.lock().expect("no panic while held") = Some(version.to_owned());
            }
        };
        self.engine.build(build, &hear).await?;
        Ok(heard.into_inner().expect("no panic while held"))
    }

    /// A step that the engine took from its cache printed nothing; this one is never in the cache.
    async fn ask_version(&self, image: &str) -> Result<Option<String>> {
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH);
        let once = since.unwrap_or_default().as_nanos();
        let ask = format!("FROM {image}\nRUN postgres --version || true # {once}");
        let name = format!("{image}-asked");
        let version = self
            .build_and_hear(small(&name, &ask, &[]), &|_| ())
            .await?;
        self.engine.remove_image(&name).await?;
        Ok(version)
    }

    async fn inherits_version(&self, image: &Planned) -> Result<bool> {
        for parent in &image.parents {
            let info = self.engine.image(parent).await?;
            if info.is_some_and(|info| info.label(VERSION_LABEL).is_some()) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// People know an image by its title, not by the tag that it is built under.
fn named(error: Error, title: &str) -> Error {
    match error {
        Error::Engine(engine::Error::BuildFailed { reason, last, .. }) => {
            Error::Engine(engine::Error::BuildFailed {
                image: title.to_owned(),
                reason,
                last,
            })
        }
        other => other,
    }
}

/// A build without files.
fn small(name: &str, dockerfile: &str, labels: &[(String, String)]) -> Build {
    Build {
        name: name.to_owned(),
        context: recipe::bare(dockerfile, labels),
        args: Vec::new(),
        labels: Vec::new(),
    }
}

/// `postgres (PostgreSQL) 17.6 (Debian …)`: what `postgres --version` prints.
fn printed_version(line: &str) -> Option<&str> {
    line.strip_prefix("postgres (PostgreSQL) ")?
        .split_whitespace()
        .next()
}

/// The label of our images, or the variable of PostgreSQL's official ones (`17.6-1.pgdg13+1`).
fn version(info: &ImageInfo) -> Option<String> {
    let variable = || {
        let (_, value) = info.env.iter().find(|(name, _)| name == "PG_VERSION")?;
        value.split('-').next()
    };
    // A child can't take its parent's label off, only empty it.
    info.label(VERSION_LABEL)
        .filter(|version| !version.is_empty())
        .or_else(variable)
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_version_is_recognised() {
        assert_eq!(
            printed_version("postgres (PostgreSQL) 17.12 (Debian 17.12-0+deb13u1)"),
            Some("17.12")
        );
        assert_eq!(printed_version("psql (PostgreSQL) 17.12"), None);
        let official = ImageInfo {
            env: vec![("PG_VERSION".into(), "16.4-1.pgdg120+2".into())],
            ..ImageInfo::default()
        };
        assert_eq!(version(&official).as_deref(), Some("16.4"));
    }
}
