//! A program in a container for a person: on a terminal of its own, or with its streams as pipes.

use bollard::exec::{CreateExecOptions, ResizeExecOptions, StartExecOptions, StartExecResults};

use super::containers::pipe;
use super::docker::refused;
use super::{Docker, Error, Pipe, Result};

/// What is to be run.
#[derive(Debug, Clone, Default)]
pub struct Program {
    pub words: Vec<String>,
    pub env: Vec<(String, String)>,
    /// The terminal's size; none: no terminal, the streams are pipes.
    pub terminal: Option<Size>,
}

/// A terminal's size in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub rows: u16,
    pub columns: u16,
}

/// A program that runs.
pub struct Terminal {
    docker: Docker,
    exec: String,
    what: String,
}

impl Docker {
    /// Starts a program in a container, as the container's own user.
    pub async fn open(&self, container: &str, program: &Program) -> Result<(Terminal, Pipe)> {
        let what = format!("run a program in container `{container}`");
        let on_terminal = program.terminal.is_some();
        let env = (program.env.iter()).map(|(name, value)| format!("{name}={value}"));
        let options = CreateExecOptions {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(on_terminal),
            env: Some(env.collect()),
            cmd: Some(program.words.clone()),
            ..CreateExecOptions::default()
        };
        let exec = (self.client.create_exec(container, options).await)
            .map_err(|error| refused(&*what, &error))?;
        let start = StartExecOptions {
            tty: on_terminal,
            ..StartExecOptions::default()
        };
        let started = (self.client.start_exec(&exec.id, Some(start)).await)
            .map_err(|error| refused(&*what, &error))?;
        let StartExecResults::Attached { output, input } = started else {
            let text = "the engine did not attach to it".to_owned();
            return Err(Error::Broken { what, text });
        };
        let terminal = Terminal {
            docker: self.clone(),
            exec: exec.id,
            what,
        };
        if let Some(size) = program.terminal {
            terminal.resize(size).await;
        }
        Ok((terminal, pipe(container, output, input)))
    }
}

impl Terminal {
    /// Tells the program the terminal's size. A program that has just ended does not need it.
    pub async fn resize(&self, size: Size) {
        let options = ResizeExecOptions {
            height: size.rows,
            width: size.columns,
        };
        let _ = self.docker.client.resize_exec(&self.exec, options).await;
    }

    /// The program's exit code, once its output has ended.
    pub async fn code(&self) -> Result<i64> {
        let exec = (self.docker.client.inspect_exec(&self.exec).await)
            .map_err(|error| refused(&*self.what, &error))?;
        Ok(exec.exit_code.unwrap_or_default())
    }
}
