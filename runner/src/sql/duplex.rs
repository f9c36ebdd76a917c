//! A process's output and input as one stream of bytes.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{BoxStream, Stream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio_util::io::StreamReader;

use crate::engine::{Chunk, Lent, Pipe};

/// What the process printed on its standard error: why a connection could not be made.
#[derive(Clone, Default)]
pub struct Complaints(Arc<Mutex<String>>);

impl Complaints {
    /// The text. It may come a moment after the end of the other stream.
    pub async fn text(&self) -> String {
        for _ in 0..20 {
            let text = self.0.lock().expect("no panic holds it").trim().to_owned();
            if !text.is_empty() {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        String::new()
    }
}

/// What the process prints on its standard output, until it has ended.
struct Output {
    inner: BoxStream<'static, Result<Chunk, crate::engine::Error>>,
    complaints: Complaints,
    lent: Option<Lent>,
    /// The streams are their shell's again.
    over: bool,
}

impl Stream for Output {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.over {
                return Poll::Ready(None);
            }
            match ready!(self.inner.as_mut().poll_next(cx)) {
                Some(Ok(Chunk::Out(bytes))) => return Poll::Ready(Some(Ok(bytes))),
                Some(Ok(Chunk::Err(bytes))) => self.hear(&bytes),
                Some(Err(error)) => {
                    return Poll::Ready(Some(Err(std::io::Error::other(error.to_string()))));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Output {
    fn hear(&mut self, bytes: &[u8]) {
        let mut heard = self.complaints.0.lock().expect("no panic holds it");
        heard.push_str(&String::from_utf8_lossy(bytes));
        if let Some(lent) = &self.lent
            && let Some(at) = heard.find(&lent.mark)
        {
            heard.truncate(at);
            self.over = true;
        }
    }
}

/// What is left of a stream when nobody speaks through it any more.
pub struct Rest {
    reader: StreamReader<Output, Bytes>,
    writer: Pin<Box<dyn AsyncWrite + Send>>,
}

impl Rest {
    /// Reads until the process has ended, and gives lent streams back.
    pub async fn end(self) {
        let Self { mut reader, writer } = self;
        let mut rest = [0; 512];
        while matches!(reader.read(&mut rest).await, Ok(1..)) {}
        let output = reader.into_inner();
        if let (true, Some(lent)) = (output.over, output.lent) {
            let pipe = Pipe {
                output: output.inner,
                input: writer,
                lent: None,
            };
            lent.give_back(pipe).await;
        }
    }
}

/// Both directions; when it is dropped, they go to whoever waits for the process's end.
pub struct Duplex {
    rest: Option<Rest>,
    back: Option<oneshot::Sender<Rest>>,
}

impl Duplex {
    pub fn new(pipe: Pipe) -> (Self, Complaints, oneshot::Receiver<Rest>) {
        let complaints = Complaints::default();
        let output = Output {
            inner: pipe.output,
            complaints: complaints.clone(),
            lent: pipe.lent,
            over: false,
        };
        let (back, ended) = oneshot::channel();
        let rest = Rest {
            reader: StreamReader::new(output),
            writer: pipe.input,
        };
        let duplex = Self {
            rest: Some(rest),
            back: Some(back),
        };
        (duplex, complaints, ended)
    }

    fn rest(&mut self) -> &mut Rest {
        self.rest
            .as_mut()
            .expect("it is taken only when this is dropped")
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        if let (Some(back), Some(rest)) = (self.back.take(), self.rest.take()) {
            // Nobody waits for it: then the process is on its own.
            let _ = back.send(rest);
        }
    }
}

impl AsyncRead for Duplex {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.rest().reader).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Duplex {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.rest().writer.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.rest().writer.as_mut().poll_flush(cx)
    }

    /// The server ends the connection when it is told to, by a message. The end of our input would
    /// end the shell that the streams go back to.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.rest().writer.as_mut().poll_flush(cx)
    }
}
