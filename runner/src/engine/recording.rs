//! An engine for tests: it writes down what is asked of it and does nothing. Its shells answer as
//! the shells of a node with a healthy server would.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio_util::io::ReaderStream;

use super::{
    About, Build, Chunk, ContainerSpec, Containers, Error, ImageInfo, Images, Left, NetworkSpec,
    Networks, Pipe, Process, Result, State, spec::LeftOver,
};

/// What was asked of the engine, in lines.
#[derive(Debug, Default)]
pub struct Recording {
    lines: Mutex<Vec<String>>,
    running: Mutex<BTreeSet<String>>,
    stopped: Mutex<BTreeSet<String>>,
}

impl Recording {
    /// The lines so far: what was asked, without the scripts that run in shells.
    pub fn text(&self) -> String {
        self.lines.lock().expect("no panic holds it").join("\n")
    }

    fn note(&self, line: String) {
        // A lab's own containers come and go beside the nodes, in no order.
        if line.contains(".fabric") || line.contains(".host") {
            return;
        }
        self.lines.lock().expect("no panic holds it").push(line);
    }

    fn shell() -> Pipe {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (read, mut write) = tokio::io::split(theirs);
        let (errors, errors_out) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut input = BufReader::new(read);
            let mut text = String::new();
            while matches!(input.read_line(&mut text).await, Ok(1..)) {
                // A command ends with the line that prints the second mark.
                let Some(mark) = end_mark(&text) else {
                    continue;
                };
                let (code, out) = answer(&text);
                text.clear();
                let _ = errors.send(format!("\n{mark} \n"));
                if write
                    .write_all(format!("{out}\n{mark} {code}\n").as_bytes())
                    .await
                    .is_err()
                {
                    break;
                }
            }
        });
        let (out, input) = tokio::io::split(ours);
        let out = ReaderStream::new(out).map(|piece| match piece {
            Ok(bytes) => Ok(Chunk::Out(bytes)),
            Err(error) => Err(Error::Broken {
                what: "shell".to_owned(),
                text: error.to_string(),
            }),
        });
        let errors = futures_util::stream::unfold(errors_out, |mut errors| async move {
            let text = errors.recv().await?;
            Some((Ok(Chunk::Err(Bytes::from(text))), errors))
        });
        Pipe {
            output: futures_util::stream::select(out, errors).boxed(),
            input: Box::pin(input),
            lent: None,
        }
    }
}

/// The mark that a script of [`super::shell::Shell`] ends with.
fn end_mark(text: &str) -> Option<String> {
    let at = text.rfind("printf '\\n--")?;
    let line = &text[at + 10..];
    line.ends_with("\\n' >&2\n")
        .then(|| line.split(' ').next().unwrap_or_default().to_owned())
}

/// What a node with PostgreSQL 17 and a server with the pid 42 says. The word `stuck` in a script
/// never ends, `broken` fails.
fn answer(script: &str) -> (i32, String) {
    let answers = [
        ("echo $$", 0, "7"),
        (
            "echo bin=$d",
            0,
            "bin=/usr/lib/postgresql/17/bin\nsocket=/run\ncarrier=socat\ntemplate=yes\nwritable=yes",
        ),
        ("echo $! $n", 0, "42 0"),
        ("kill -0 42", 0, "42:ready"),
        ("echo \"$p:$s\"", 0, "42:ready"),
        ("broken", 3, "it is broken"),
    ];
    let found = answers.iter().find(|(words, ..)| script.contains(words));
    found.map_or((0, String::new()), |(_, code, out)| {
        (*code, (*out).to_owned())
    })
}

#[async_trait]
impl Containers for Recording {
    async fn about(&self) -> Result<About> {
        Ok(About {
            name: "recording".to_owned(),
            version: "1".to_owned(),
            api: "1.41".to_owned(),
            storage: "none".to_owned(),
            kernel: "none".to_owned(),
            system: "none".to_owned(),
        })
    }

    async fn create(&self, spec: &ContainerSpec) -> Result<()> {
        self.note(format!("create {} from {}", short(&spec.name), spec.image));
        self.stopped
            .lock()
            .expect("no panic holds it")
            .insert(spec.name.clone());
        if spec.image == "stuck" {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        Ok(())
    }

    async fn attach(&self, _container: &str) -> Result<Pipe> {
        Ok(Self::shell())
    }

    async fn start(&self, container: &str) -> Result<()> {
        self.stopped
            .lock()
            .expect("no panic holds it")
            .remove(container);
        self.running
            .lock()
            .expect("no panic holds it")
            .insert(container.to_owned());
        Ok(())
    }

    async fn kill(&self, container: &str) -> Result<()> {
        self.note(format!("kill {}", short(container)));
        self.running
            .lock()
            .expect("no panic holds it")
            .remove(container);
        self.stopped
            .lock()
            .expect("no panic holds it")
            .insert(container.to_owned());
        Ok(())
    }

    async fn pause(&self, container: &str) -> Result<()> {
        self.note(format!("pause {}", short(container)));
        Ok(())
    }

    async fn unpause(&self, container: &str) -> Result<()> {
        self.note(format!("unpause {}", short(container)));
        Ok(())
    }

    async fn remove(&self, container: &str) -> Result<()> {
        let running = self
            .running
            .lock()
            .expect("no panic holds it")
            .remove(container);
        let stopped = self
            .stopped
            .lock()
            .expect("no panic holds it")
            .remove(container);
        if running || stopped {
            self.note(format!("remove {}", short(container)));
        }
        Ok(())
    }

    async fn download(&self, _container: &str, _path: &str, _most: usize) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    async fn remove_volume(&self, name: &str) -> Result<()> {
        self.note(format!("remove volume {}", short(name)));
        Ok(())
    }

    async fn state(&self, container: &str) -> Result<State> {
        if self
            .running
            .lock()
            .expect("no panic holds it")
            .contains(container)
        {
            return Ok(State::Running);
        }
        if self
            .stopped
            .lock()
            .expect("no panic holds it")
            .contains(container)
        {
            return Ok(State::Stopped {
                code: 137,
                out_of_memory: false,
            });
        }
        Ok(State::Missing)
    }

    async fn process(&self, _container: &str) -> Result<Process> {
        Ok(Process {
            pid: 100,
            container: "id".to_owned(),
        })
    }

    async fn exec(&self, _container: &str, _user: &str, _program: &[&str]) -> Result<Pipe> {
        Ok(Self::shell())
    }

    async fn upload(&self, container: &str, path: &str, _archive: Bytes) -> Result<()> {
        self.note(format!("upload to {path} of {}", short(container)));
        Ok(())
    }

    async fn left(&self, _label: &str) -> Result<Left> {
        let names = |set: &Mutex<BTreeSet<String>>| -> Vec<LeftOver> {
            let set = set.lock().expect("no panic holds it");
            set.iter()
                .map(|name| LeftOver {
                    name: name.clone(),
                    ..LeftOver::default()
                })
                .collect()
        };
        let mut containers = names(&self.running);
        containers.extend(names(&self.stopped));
        Ok(Left {
            containers,
            ..Left::default()
        })
    }
}

#[async_trait]
impl Networks for Recording {
    async fn create_network(&self, spec: &NetworkSpec) -> Result<()> {
        self.note(format!("create network {}", short(&spec.name)));
        Ok(())
    }

    async fn subnets(&self) -> Result<Vec<(String, Vec<String>)>> {
        Ok(Vec::new())
    }

    async fn remove_network(&self, name: &str) -> Result<()> {
        self.note(format!("remove network {name}"));
        Ok(())
    }
}

#[async_trait]
impl Images for Recording {
    async fn image(&self, name: &str) -> Result<Option<ImageInfo>> {
        Ok((name != "missing").then(|| ImageInfo {
            id: name.to_owned(),
            labels: vec![(super::VERSION_LABEL.to_owned(), "17.6".to_owned())],
            ..ImageInfo::default()
        }))
    }

    async fn our_images(&self) -> Result<Vec<ImageInfo>> {
        Ok(Vec::new())
    }

    async fn pull(&self, name: &str) -> Result<()> {
        Err(Error::NoImage {
            image: name.to_owned(),
        })
    }

    async fn import(&self, _name: &str, _archive: PathBuf) -> Result<()> {
        Ok(())
    }

    async fn build(
        &self,
        _build: Build,
        _said: &(dyn for<'a> Fn(&'a str) + Send + Sync),
    ) -> Result<()> {
        Ok(())
    }

    async fn commit(
        &self,
        container: &str,
        name: &str,
        _labels: &[(String, String)],
    ) -> Result<()> {
        self.note(format!("commit {} as {name}", short(container)));
        Ok(())
    }

    async fn remove_image(&self, name: &str) -> Result<()> {
        self.note(format!("remove image {name}"));
        Ok(())
    }
}

/// A container's name without the run's part.
fn short(name: &str) -> &str {
    name.splitn(4, '-').nth(3).unwrap_or(name)
}

/// An engine that records, ready to be shared.
pub fn recording() -> Arc<Recording> {
    Arc::default()
}
