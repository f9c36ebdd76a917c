//! Containers at the engine's door.

use std::collections::HashMap;

use async_trait::async_trait;
use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::models::ContainerStateStatusEnum;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder,
    DownloadFromContainerOptionsBuilder, KillContainerOptionsBuilder, ListContainersOptionsBuilder,
    ListImagesOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveVolumeOptions, StartContainerOptions,
    UploadToContainerOptionsBuilder, WaitContainerOptionsBuilder,
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};

use super::docker::refused;
use super::spec::{ContainerSpec, Left, LeftOver, Process, State};
use super::{About, Chunk, Containers, Docker, Error, IMAGE_LABEL, Pipe, RUN_LABEL, Result};

#[async_trait]
impl Containers for Docker {
    async fn about(&self) -> Result<About> {
        let (info, version) = tokio::try_join!(self.client.info(), self.client.version())
            .map_err(wrong("ask the engine what it is"))?;
        let components = version.components.unwrap_or_default();
        Ok(About {
            name: components
                .first()
                .map_or_else(|| "container engine".to_owned(), |it| it.name.clone()),
            version: version.version.unwrap_or_default(),
            api: version.api_version.unwrap_or_default(),
            storage: info.driver.unwrap_or_default(),
            kernel: info.kernel_version.unwrap_or_default(),
            system: info.operating_system.unwrap_or_default(),
        })
    }

    async fn create(&self, spec: &ContainerSpec) -> Result<()> {
        let options = CreateContainerOptionsBuilder::default()
            .name(&spec.name)
            .build();
        (self
            .client
            .create_container(Some(options), super::body::body(spec))
            .await)
            .map_err(wrong(format!("create container `{}`", spec.name)))?;
        Ok(())
    }

    async fn attach(&self, container: &str) -> Result<Pipe> {
        let options = AttachContainerOptionsBuilder::default()
            .stream(true)
            .stdin(true)
            .stdout(true)
            .stderr(true)
            .build();
        let attached = (self.client.attach_container(container, Some(options)).await)
            .map_err(wrong(format!("attach to container `{container}`")))?;
        Ok(pipe(container, attached.output, attached.input))
    }

    async fn start(&self, container: &str) -> Result<()> {
        (self
            .client
            .start_container(container, None::<StartContainerOptions>)
            .await)
            .map_err(wrong(format!("start container `{container}`")))
    }

    async fn kill(&self, container: &str) -> Result<()> {
        let options = KillContainerOptionsBuilder::default()
            .signal("SIGKILL")
            .build();
        (self.client.kill_container(container, Some(options)).await)
            .map_err(wrong(format!("kill container `{container}`")))?;
        let ended = WaitContainerOptionsBuilder::default()
            .condition("not-running")
            .build();
        // The client turns an exit code other than 0 into an error; here any end will do.
        let _ = self
            .client
            .wait_container(container, Some(ended))
            .next()
            .await;
        Ok(())
    }

    async fn pause(&self, container: &str) -> Result<()> {
        (self.client.pause_container(container).await)
            .map_err(wrong(format!("pause container `{container}`")))
    }

    async fn unpause(&self, container: &str) -> Result<()> {
        (self.client.unpause_container(container).await)
            .map_err(wrong(format!("unpause container `{container}`")))
    }

    async fn remove(&self, container: &str) -> Result<()> {
        let options = RemoveContainerOptionsBuilder::default()
            .force(true)
            .v(true)
            .build();
        match self.client.remove_container(container, Some(options)).await {
            Ok(()) => Ok(()),
            Err(error) => match wrong(format!("remove container `{container}`"))(error) {
                // Somebody else is at it or has done it.
                Error::Gone { .. } => Ok(()),
                Error::Refused {
                    status: 409, text, ..
                } if text.contains("in progress") => {
                    // Its volumes can be removed only after it.
                    let removed = WaitContainerOptionsBuilder::default()
                        .condition("removed")
                        .build();
                    let _ = self
                        .client
                        .wait_container(container, Some(removed))
                        .next()
                        .await;
                    Ok(())
                }
                error => Err(error),
            },
        }
    }

    async fn remove_volume(&self, name: &str) -> Result<()> {
        match self
            .client
            .remove_volume(name, None::<RemoveVolumeOptions>)
            .await
        {
            Ok(()) => Ok(()),
            Err(error) => match wrong(format!("remove volume `{name}`"))(error) {
                Error::Gone { .. } => Ok(()),
                error => Err(error),
            },
        }
    }

    async fn state(&self, container: &str) -> Result<State> {
        let found = match self.client.inspect_container(container, None).await {
            Ok(found) => found,
            Err(error) => {
                return match wrong(format!("look at container `{container}`"))(error) {
                    Error::Gone { .. } => Ok(State::Missing),
                    error => Err(error),
                };
            }
        };
        let state = found.state.unwrap_or_default();
        Ok(match state.status {
            Some(ContainerStateStatusEnum::RUNNING) => State::Running,
            Some(ContainerStateStatusEnum::PAUSED) => State::Paused,
            _ => State::Stopped {
                code: state.exit_code.unwrap_or_default(),
                out_of_memory: state.oom_killed.unwrap_or_default(),
            },
        })
    }

    async fn process(&self, container: &str) -> Result<Process> {
        let what = format!("look at container `{container}`");
        let found = (self.client.inspect_container(container, None).await).map_err(wrong(&what))?;
        let pid = found.state.and_then(|it| it.pid).unwrap_or_default();
        if pid == 0 {
            return Err(Error::Gone {
                what: format!("container `{container}`"),
                text: "it does not run".to_owned(),
            });
        }
        Ok(Process {
            pid,
            container: found.id.unwrap_or_default(),
        })
    }

    async fn exec(&self, container: &str, user: &str, program: &[&str]) -> Result<Pipe> {
        let what = format!("run `{}` in container `{container}`", program.join(" "));
        let options = CreateExecOptions {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            user: (!user.is_empty()).then_some(user),
            cmd: Some(program.to_vec()),
            ..CreateExecOptions::default()
        };
        let exec = (self.client.create_exec(container, options).await).map_err(wrong(&what))?;
        match (self
            .client
            .start_exec(&exec.id, None::<StartExecOptions>)
            .await)
            .map_err(wrong(&what))?
        {
            StartExecResults::Attached { output, input } => Ok(pipe(container, output, input)),
            StartExecResults::Detached => Err(Error::Broken {
                what,
                text: "the engine did not attach to it".to_owned(),
            }),
        }
    }

    async fn upload(&self, container: &str, path: &str, archive: Bytes) -> Result<()> {
        let options = UploadToContainerOptionsBuilder::default()
            .path(path)
            .build();
        (self.client)
            .upload_to_container(container, Some(options), bollard::body_full(archive))
            .await
            .map_err(wrong(format!(
                "copy files to `{path}` in container `{container}`"
            )))
    }

    async fn download(&self, container: &str, path: &str, most: usize) -> Result<Vec<u8>> {
        let options = DownloadFromContainerOptionsBuilder::default()
            .path(path)
            .build();
        let mut archive = Vec::new();
        let mut parts = self
            .client
            .download_from_container(container, Some(options));
        while let Some(part) = parts.next().await {
            let what = format!("copy `{path}` from container `{container}`");
            archive.extend_from_slice(&part.map_err(wrong(what))?);
            if archive.len() >= most {
                archive.truncate(most);
                break;
            }
        }
        Ok(archive)
    }

    async fn left(&self, label: &str) -> Result<Left> {
        let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
        let what = "list what carries our label";
        let containers = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filters)
            .build();
        let containers = self.client.list_containers(Some(containers));
        let volumes = ListVolumesOptionsBuilder::default()
            .filters(&filters)
            .build();
        let volumes = self.client.list_volumes(Some(volumes));
        let networks = ListNetworksOptionsBuilder::default()
            .filters(&filters)
            .build();
        let networks = self.client.list_networks(Some(networks));
        let images = ListImagesOptionsBuilder::default()
            .all(false)
            .filters(&filters)
            .build();
        let images = self.client.list_images(Some(images));
        let (containers, volumes, networks, images) =
            tokio::try_join!(containers, volumes, networks, images).map_err(wrong(what))?;
        Ok(Left {
            containers: (containers.into_iter())
                .map(|it| LeftOver {
                    name: (it.names.unwrap_or_default().first())
                        .map(|name| name.trim_start_matches('/').to_owned())
                        .unwrap_or_default(),
                    labels: sorted(it.labels.unwrap_or_default()),
                    running: it.state.is_some_and(|state| state.as_ref() == "running"),
                })
                .collect(),
            volumes: (volumes.volumes.unwrap_or_default().into_iter())
                .map(|it| LeftOver {
                    name: it.name,
                    labels: sorted(it.labels),
                    running: false,
                })
                .collect(),
            networks: (networks.into_iter())
                .map(|it| LeftOver {
                    name: it.name.unwrap_or_default(),
                    labels: sorted(it.labels.unwrap_or_default()),
                    running: false,
                })
                .collect(),
            images: (images.into_iter())
                .filter(|it| {
                    !it.labels.contains_key(IMAGE_LABEL) || it.labels.contains_key(RUN_LABEL)
                })
                .map(|it| LeftOver {
                    name: it.repo_tags.first().cloned().unwrap_or(it.id),
                    labels: sorted(it.labels),
                    running: false,
                })
                .collect(),
        })
    }
}

fn wrong(what: impl Into<String>) -> impl FnOnce(bollard::errors::Error) -> Error {
    move |error| refused(what, &error)
}

pub(super) fn pipe<S, W>(container: &str, output: S, input: std::pin::Pin<Box<W>>) -> Pipe
where
    S: futures_util::Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send + 'static,
    W: tokio::io::AsyncWrite + Send + ?Sized + 'static,
    std::pin::Pin<Box<W>>: Into<std::pin::Pin<Box<dyn tokio::io::AsyncWrite + Send>>>,
{
    let what = format!("read from container `{container}`");
    Pipe {
        output: output
            .map_ok(|piece| match piece {
                LogOutput::StdErr { message } => Chunk::Err(message),
                LogOutput::StdOut { message }
                | LogOutput::StdIn { message }
                | LogOutput::Console { message } => Chunk::Out(message),
            })
            .map_err(move |error| wrong(&what)(error))
            .boxed(),
        input: input.into(),
        lent: None,
    }
}

fn sorted(labels: HashMap<String, String>) -> Vec<(String, String)> {
    let mut labels: Vec<_> = labels.into_iter().collect();
    labels.sort();
    labels
}
