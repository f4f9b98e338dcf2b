//! Bodies of answers: whole, or as they come.

use super::clock::Waiting;
use super::dates::Calendar;
use http_body_util::Full;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// The body of an answer.
pub(super) enum Reply {
    /// All of it.
    Whole(Full<Bytes>),
    /// A watch or a log.
    Stream(Stream),
}

impl Reply {
    pub fn whole(bytes: impl Into<Bytes>) -> Reply {
        Reply::Whole(Full::new(bytes.into()))
    }
}

/// What goes on until somebody ends it.
pub(super) struct Stream {
    pub inner: Incoming,
    /// For JSON, line by line: the calendar, and the line that is not complete.
    pub lines: Option<(Calendar, Vec<u8>)>,
    /// The client that listens.
    pub _waiting: Waiting,
}

impl Stream {
    /// Complete lines of what has come, in our calendar.
    fn take(&mut self, piece: Bytes) -> Option<Bytes> {
        let Some((calendar, begun)) = &mut self.lines else { return Some(piece) };
        begun.extend_from_slice(&piece);
        let end = begun.iter().rposition(|&byte| byte == b'\n')? + 1;
        let whole: Vec<u8> = begun.drain(..end).collect();
        Some(calendar.outward(&whole).into())
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Reply::Whole(body) => {
                Pin::new(body).poll_frame(cx).map(|frame| frame.map(|f| f.map_err(|never| match never {})))
            }
            Reply::Stream(stream) => loop {
                match std::task::ready!(Pin::new(&mut stream.inner).poll_frame(cx)) {
                    Some(Ok(frame)) => {
                        let Ok(piece) = frame.into_data() else { continue };
                        if let Some(out) = stream.take(piece) {
                            return Poll::Ready(Some(Ok(Frame::data(out))));
                        }
                    }
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    None => return Poll::Ready(None),
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Reply::Whole(body) => body.is_end_stream(),
            Reply::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Reply::Whole(body) => body.size_hint(),
            Reply::Stream(_) => SizeHint::default(),
        }
    }
}
