//! A shell that stays open in a container: the channel for commands, files and, handed over, for
//! connections. One command at a time.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use futures_util::{StreamExt, stream};
use tokio::io::AsyncWriteExt;

use super::{Chunk, Containers, Error, Pipe, Result};

/// More than this from one command is not kept in memory.
const LIMIT: usize = 256 << 20;

/// What a command printed and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Output {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// An open POSIX shell.
pub struct Shell {
    pub(super) pipe: Pipe,
    what: String,
    pub(super) mark: String,
    out: Vec<u8>,
    err: Vec<u8>,
    /// Its process id in the container.
    pub pid: u32,
}

impl fmt::Debug for Shell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Shell")
            .field("what", &self.what)
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}

impl Shell {
    /// A shell whose streams have come back.
    pub(super) fn again(pipe: Pipe, what: &str, mark: &str, pid: u32) -> Self {
        Self {
            pipe,
            what: what.to_owned(),
            mark: mark.to_owned(),
            out: Vec::new(),
            err: Vec::new(),
            pid,
        }
    }

    /// Takes over the streams of a shell process. `mark` must be a word that no command prints.
    pub async fn open(
        pipe: Pipe,
        what: impl Into<String>,
        mark: impl Into<String>,
    ) -> Result<Self> {
        let mut shell = Self {
            pipe,
            what: what.into(),
            mark: mark.into(),
            out: Vec::new(),
            err: Vec::new(),
            pid: 0,
        };
        let hello = shell.run("echo $$", Streams::Apart).await?;
        shell.pid = hello.out.trim().parse().unwrap_or_default();
        Ok(shell)
    }

    /// A shell in a container that another process may have started; no user is the container's own.
    pub async fn within(engine: &dyn Containers, container: &str, user: &str) -> Result<Self> {
        let random = RandomState::new().hash_one(container);
        let pipe = engine.exec(container, user, &["/bin/sh"]).await?;
        Self::open(
            pipe,
            format!("container `{container}`"),
            format!("--{random:016x}--"),
        )
        .await
    }

    /// A program that takes the shell's place, and its process id: the streams end with it.
    pub async fn become_program(self, command: &str) -> Result<Pipe> {
        let command = format!("exec /bin/sh -c {}", quoted(command));
        Ok(self.lend(&command).await?.pipe)
    }

    /// Runs a script to its end. Dropped before that, the shell can't be used again.
    pub async fn run(&mut self, script: &str, streams: Streams) -> Result<Output> {
        let mark = self.mark.clone();
        // In a subshell with eval, or a syntax error would end the shell itself.
        let merge = match streams {
            Streams::Merged => " 2>&1",
            Streams::Apart => "",
        };
        let line = format!(
            "( eval {script} ) </dev/null{merge}; printf '\\n{mark} %d\\n' $?; printf '\\n{mark} \\n' >&2\n",
            script = quoted(script),
        );
        self.send(line.as_bytes()).await?;
        self.out.clear();
        self.err.clear();
        let end = format!("\n{mark} ");
        let (mut out, mut err) = (None, None);
        while out.is_none() || err.is_none() {
            match self.pipe.output.next().await {
                Some(Ok(Chunk::Out(bytes))) => {
                    out = append(&mut self.out, &bytes, end.as_bytes()).or(out);
                }
                Some(Ok(Chunk::Err(bytes))) => {
                    err = append(&mut self.err, &bytes, end.as_bytes()).or(err);
                }
                Some(Err(error)) => return Err(error),
                None => return Err(self.gone()),
            }
            if self.out.len() > LIMIT || self.err.len() > LIMIT {
                return Err(Error::Broken {
                    what: self.what.clone(),
                    text: format!("a command printed more than {} MB", LIMIT >> 20),
                });
            }
        }
        let (out, err) = (out.unwrap_or_default(), err.unwrap_or_default());
        let code = String::from_utf8_lossy(&self.out[out + end.len()..]);
        Ok(Output {
            code: code.trim().parse().unwrap_or(-1),
            out: String::from_utf8_lossy(&self.out[..out]).into_owned(),
            err: String::from_utf8_lossy(&self.err[..err]).into_owned(),
        })
    }

    /// Lends the shell's streams to a program: they are the pipe's until the program has ended,
    /// which the shell's mark on the standard error tells.
    pub async fn lend(mut self, command: &str) -> Result<Self> {
        // The shell reads ahead: nothing may follow the command until the program is there.
        let mark = self.mark.clone();
        let line = format!("printf '\\n{mark} \\n'; {command}; printf '\\n{mark} \\n' >&2\n");
        self.out.clear();
        self.send(line.as_bytes()).await?;
        let end = format!("\n{mark} \n");
        // One that fails at once may have said so, and ended, before it is seen to have begun.
        let mut early = Vec::new();
        loop {
            match self.pipe.output.next().await {
                Some(Ok(Chunk::Out(bytes))) => {
                    if append(&mut self.out, &bytes, end.as_bytes()).is_some() {
                        let early = stream::iter(early.into_iter().map(|it| Ok(Chunk::Err(it))));
                        self.pipe.output = early.chain(self.pipe.output).boxed();
                        return Ok(self);
                    }
                }
                Some(Ok(Chunk::Err(bytes))) => early.push(bytes),
                Some(Err(error)) => return Err(error),
                None => return Err(self.gone()),
            }
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let sent = async {
            self.pipe.input.write_all(bytes).await?;
            self.pipe.input.flush().await
        };
        sent.await.map_err(|_| self.gone())
    }

    fn gone(&self) -> Error {
        Error::Gone {
            what: self.what.clone(),
            text: "the container's shell has ended".to_owned(),
        }
    }
}

/// How a command's two streams come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    Apart,
    /// Both on the first, in their order: the engine does not order one relative to the other.
    Merged,
}

/// A word for a POSIX shell that means exactly this text.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A command's standard input, as a shell's here-document that means exactly this text.
pub fn heredoc(text: &str) -> String {
    let mut end = "EOF".to_owned();
    while text.contains(&end) {
        end.push('_');
    }
    format!("<<'{end}'\n{text}\n{end}")
}

/// Appends and finds `end`, looking only where it can be new.
fn append(buffer: &mut Vec<u8>, bytes: &[u8], end: &[u8]) -> Option<usize> {
    // The mark may be there already and its line not complete: an exit code is short.
    let from = buffer.len().saturating_sub(end.len() + 16);
    buffer.extend_from_slice(bytes);
    let found = buffer[from..].windows(end.len()).position(|it| it == end)?;
    // The line must be complete: the exit code stands between the mark and its end.
    buffer[from + found + 1..]
        .contains(&b'\n')
        .then_some(from + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_word_means_itself() {
        assert_eq!(quoted("/mnt/backup"), "/mnt/backup");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }

    #[tokio::test]
    async fn what_a_lent_program_said_before_it_was_seen_to_begin_is_not_lost() {
        let said = [
            Chunk::Err("refused\n-M- \n".into()),
            Chunk::Out("\n-M- \n".into()),
        ];
        let pipe = Pipe {
            output: stream::iter(said.map(Ok)).boxed(),
            input: Box::pin(tokio::io::sink()),
            lent: None,
        };
        let lent = Shell::again(pipe, "shell", "-M-", 1).lend("dial").await;
        let mut output = lent.expect("the program began").pipe.output;
        let heard = output.next().await.expect("it said something");
        assert!(matches!(heard, Ok(Chunk::Err(text)) if text.starts_with(b"refused")));
    }

    #[test]
    fn an_end_mark_that_comes_in_pieces_is_found() {
        let mut buffer = Vec::new();
        assert_eq!(append(&mut buffer, b"text\nMA", b"\nMARK "), None);
        assert_eq!(append(&mut buffer, b"RK 1", b"\nMARK "), None);
        assert_eq!(append(&mut buffer, b"2\n", b"\nMARK "), Some(4));
    }
}
