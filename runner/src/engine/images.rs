//! Images at the engine's door.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use bollard::errors::Error as ClientError;
use bollard::models::{ContainerConfig, ImageInspect, ImageSummary};
use bollard::query_parameters as query;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use super::docker::{Docker, refused, words};
use super::{Build, Error, IMAGE_LABEL, ImageInfo, Images, Result};
use crate::problem::LAST_LINES;

/// A registry that is there says something by then; a network that drops packets never does.
const FIRST_WORD: Duration = Duration::from_secs(15);

#[async_trait]
impl Images for Docker {
    async fn image(&self, name: &str) -> Result<Option<ImageInfo>> {
        match self.client.inspect_image(name).await {
            Ok(image) => Ok(Some(inspected(image))),
            Err(ClientError::DockerResponseServerError {
                status_code: 404, ..
            }) => Ok(None),
            Err(error) => Err(refused(format!("look at image `{name}` failed"), &error)),
        }
    }

    async fn our_images(&self) -> Result<Vec<ImageInfo>> {
        let filters = HashMap::from([("label", vec![IMAGE_LABEL])]);
        let options = query::ListImagesOptionsBuilder::new()
            .filters(&filters)
            .build();
        let images = self.client.list_images(Some(options)).await;
        let images = images.map_err(|error| refused("list of images failed", &error))?;
        Ok(images.into_iter().map(listed).collect())
    }

    async fn pull(&self, name: &str) -> Result<()> {
        let failed = |text: String| Error::Broken {
            what: format!("pull of image `{name}` failed"),
            text,
        };
        let (repo, tag) = split(name);
        let source = if name.contains('@') {
            name.to_owned()
        } else {
            format!("{repo}:{tag}")
        };
        let options = query::CreateImageOptionsBuilder::new()
            .from_image(&source)
            .build();
        let mut said = Box::pin(self.client.create_image(Some(options), None, None));
        let mut next = tokio::time::timeout(FIRST_WORD, said.next())
            .await
            .map_err(|_| failed("no registry answers".to_owned()))?;
        while let Some(line) = next {
            line.map_err(|error| failed(words(&error)))?;
            next = said.next().await;
        }
        Ok(())
    }

    async fn import(&self, name: &str, archive: PathBuf) -> Result<()> {
        let what = format!("import of image `{name}` failed");
        // Podman ignores `tag`, so it stands in `repo`.
        let options = query::CreateImageOptionsBuilder::new()
            .from_src("-")
            .repo(name)
            .build();
        let body = bollard::body_try_stream(chunks(archive));
        let mut said = Box::pin(self.client.create_image(Some(options), Some(body), None));
        while let Some(line) = said.next().await {
            line.map_err(|error| refused(what.clone(), &error))?;
        }
        Ok(())
    }

    async fn build(
        &self,
        build: Build,
        said: &(dyn for<'a> Fn(&'a str) + Send + Sync),
    ) -> Result<()> {
        let args: HashMap<String, String> = build.args.into_iter().collect();
        let labels: HashMap<String, String> = build.labels.into_iter().collect();
        let options = query::BuildImageOptionsBuilder::new()
            .dockerfile("Dockerfile")
            .t(&build.name)
            .rm(true)
            // Or the container of a failed step stays behind.
            .forcerm(true)
            .buildargs(&args)
            .labels(&labels)
            .build();
        let body = bollard::body_full(build.context);
        let mut stream = Box::pin(self.client.build_image(options, None, Some(body)));
        let mut lines = Lines::default();
        while let Some(piece) = stream.next().await {
            match piece {
                Ok(piece) => lines.take(&piece.stream.unwrap_or_default(), said),
                Err(error) => {
                    lines.take("\n", said);
                    return Err(Error::BuildFailed {
                        image: build.name,
                        reason: words(&error),
                        last: lines.last.into(),
                    });
                }
            }
        }
        lines.take("\n", said);
        Ok(())
    }

    async fn commit(&self, container: &str, name: &str, labels: &[(String, String)]) -> Result<()> {
        let (repo, tag) = split(name);
        let labels: Vec<String> = labels
            .iter()
            .map(|(key, value)| format!("LABEL {key}={}", quoted(value)))
            .collect();
        let options = query::CommitContainerOptionsBuilder::new()
            .container(container)
            .repo(repo)
            .tag(tag)
            .changes(&labels.join("\n"))
            .build();
        self.client
            .commit_container(options, ContainerConfig::default())
            .await
            .map_err(|error| refused(format!("commit of `{container}` failed"), &error))?;
        Ok(())
    }

    async fn remove_image(&self, name: &str) -> Result<()> {
        let options = query::RemoveImageOptionsBuilder::new().force(true).build();
        match self.client.remove_image(name, Some(options), None).await {
            Ok(_)
            | Err(ClientError::DockerResponseServerError {
                status_code: 404, ..
            }) => Ok(()),
            Err(error) => Err(refused(format!("removal of image `{name}` failed"), &error)),
        }
    }
}

fn inspected(image: ImageInspect) -> ImageInfo {
    let config = image.config.unwrap_or_default();
    ImageInfo {
        id: image.id.unwrap_or_default(),
        names: image.repo_tags.unwrap_or_default(),
        labels: sorted(config.labels.unwrap_or_default()),
        env: config
            .env
            .unwrap_or_default()
            .iter()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        size: image.size.unwrap_or_default(),
    }
}

fn listed(image: ImageSummary) -> ImageInfo {
    ImageInfo {
        id: image.id,
        names: image.repo_tags,
        labels: sorted(image.labels),
        env: Vec::new(),
        size: image.size,
    }
}

fn sorted(labels: HashMap<String, String>) -> Vec<(String, String)> {
    let mut labels: Vec<_> = labels.into_iter().collect();
    labels.sort();
    labels
}

/// Name and tag; a registry's port is no tag.
fn split(name: &str) -> (&str, &str) {
    match name.rsplit_once(':') {
        Some((repo, tag)) if !tag.contains('/') => (repo, tag),
        _ => (name, "latest"),
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A file's content piece by piece, so that a root file system never is in memory as a whole.
fn chunks(path: PathBuf) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    use std::io::Read;
    let opened = std::fs::File::open(path);
    futures_util::stream::unfold(Some(opened), |file| async move {
        let mut file = match file? {
            Ok(file) => file,
            Err(error) => return Some((Err(error), None)),
        };
        let mut chunk = vec![0; 1 << 20];
        match file.read(&mut chunk) {
            Ok(0) => None,
            Ok(read) => {
                chunk.truncate(read);
                Some((Ok(chunk.into()), Some(Ok(file))))
            }
            Err(error) => Some((Err(error), None)),
        }
    })
}

/// What a build prints, in lines; the engine sends it in pieces that end anywhere.
#[derive(Default)]
struct Lines {
    begun: String,
    last: VecDeque<String>,
}

impl Lines {
    fn take(&mut self, piece: &str, said: &(dyn Fn(&str) + Send + Sync)) {
        self.begun.push_str(piece);
        while let Some(end) = self.begun.find('\n') {
            let line: String = self.begun.drain(..=end).collect();
            let line = plain(&line);
            if line.is_empty() {
                continue;
            }
            said(&line);
            if !is_bookkeeping(&line) {
                self.last.push_back(line);
            }
            if self.last.len() > LAST_LINES {
                self.last.pop_front();
            }
        }
    }
}

/// A line as a terminal would show it in the end: without colours, after the last `\r`.
fn plain(line: &str) -> String {
    let line = line.trim_end();
    let line = line.rsplit('\r').next().unwrap_or(line);
    let mut text = String::new();
    let mut rest = line.chars();
    while let Some(letter) = rest.next() {
        if letter == '\u{1b}' {
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else {
            text.push(letter);
        }
    }
    text.trim_end().to_owned()
}

fn is_bookkeeping(line: &str) -> bool {
    line.starts_with(" ---> ") || line.starts_with("Removing intermediate container")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_builds_output_becomes_plain_lines() {
        let heard = Mutex::new(Vec::new());
        let hear = |line: &str| heard.lock().expect("no panic").push(line.to_owned());
        let mut lines = Lines::default();
        for piece in [
            "Step 1/2 : FROM x\n\n ---> 12\n",
            "\u{1b}[91mE:\u{1b}[0m\u{1b}[91m no",
            " such package\u{1b}[0m\n",
            "Reading 5%\rReading 100%\r\n",
        ] {
            lines.take(piece, &hear);
        }
        let expected = [
            "Step 1/2 : FROM x",
            " ---> 12",
            "E: no such package",
            "Reading 100%",
        ];
        assert_eq!(heard.into_inner().expect("no panic"), expected);
        assert_eq!(
            lines.last,
            ["Step 1/2 : FROM x", "E: no such package", "Reading 100%"]
        );
    }

    #[test]
    fn a_registrys_port_is_no_tag() {
        assert_eq!(split("host:5000/a/b"), ("host:5000/a/b", "latest"));
        assert_eq!(split("host:5000/a/b:1"), ("host:5000/a/b", "1"));
        assert_eq!(split("postgres"), ("postgres", "latest"));
    }
}
