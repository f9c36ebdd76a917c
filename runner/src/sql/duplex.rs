//! A process's output and input as one stream of bytes.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio_util::io::StreamReader;

use crate::engine::{Chunk, Pipe};

type Bytestream = BoxStream<'static, std::io::Result<Bytes>>;

/// What the process prints on its standard output.
pub struct Reader(StreamReader<Bytestream, Bytes>);

impl Reader {
    /// Reads until the process has ended.
    pub async fn drain(mut self) {
        let mut rest = [0; 512];
        while matches!(self.0.read(&mut rest).await, Ok(1..)) {}
    }
}

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

/// Both directions; when it is dropped, the reader goes to whoever waits for the process's end.
pub struct Duplex {
    reader: Option<Reader>,
    writer: Pin<Box<dyn AsyncWrite + Send>>,
    back: Option<oneshot::Sender<Reader>>,
}

impl Duplex {
    pub fn new(pipe: Pipe) -> (Self, Complaints, oneshot::Receiver<Reader>) {
        let complaints = Complaints::default();
        let heard = complaints.clone();
        let output = pipe.output.filter_map(move |chunk| {
            let piece = match chunk {
                Ok(Chunk::Out(bytes)) => Some(Ok(bytes)),
                Ok(Chunk::Err(bytes)) => {
                    let mut heard = heard.0.lock().expect("no panic holds it");
                    heard.push_str(&String::from_utf8_lossy(&bytes));
                    None
                }
                Err(error) => Some(Err(std::io::Error::other(error.to_string()))),
            };
            std::future::ready(piece)
        });
        let (back, ended) = oneshot::channel();
        let duplex = Self {
            reader: Some(Reader(StreamReader::new(output.boxed()))),
            writer: pipe.input,
            back: Some(back),
        };
        (duplex, complaints, ended)
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        if let (Some(back), Some(reader)) = (self.back.take(), self.reader.take()) {
            // Nobody waits for it: then the process is on its own.
            let _ = back.send(reader);
        }
    }
}

impl AsyncRead for Duplex {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let reader = self
            .reader
            .as_mut()
            .expect("it is taken only when this is dropped");
        Pin::new(&mut reader.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Duplex {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.writer.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.writer.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.writer.as_mut().poll_shutdown(cx)
    }
}
