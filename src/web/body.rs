//! The body of a request, as it comes in: it has an end, in bytes and in time.

use std::{
    error::Error,
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
};

use app::error::QuadError;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// What a body can come to; until then it is 0.
const READ: u8 = 1;
const LATE: u8 = 2;
const TOO_LARGE: u8 = 3;

/// What became of the body of a request. It goes along with the request, because many things read
/// bodies, and each has errors of its own.
#[derive(Debug, Clone, Default)]
pub struct BodyFate(Arc<AtomicU8>);

impl BodyFate {
    /// Why it cannot be taken, if it cannot.
    pub fn error(&self) -> Option<QuadError> {
        match self.0.load(Ordering::Relaxed) {
            LATE => Some(QuadError::Timeout),
            TOO_LARGE => Some(QuadError::TooLarge),
            _ => None,
        }
    }

    /// Whether it was read to its end.
    pub fn is_read(&self) -> bool {
        self.0.load(Ordering::Relaxed) == READ
    }

    fn set(&self, fate: u8) {
        self.0.store(fate, Ordering::Relaxed);
    }
}

/// The body failed: its [`BodyFate`] says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body did not come in time, or was too large")
    }
}

impl Error for Cut {}

/// A body that must end in time, and within so many bytes.
pub struct Bounded<B> {
    body: B,
    left: usize,
    until: Instant,
    /// Made once something has to be waited for.
    alarm: Option<Pin<Box<Sleep>>>,
    fate: BodyFate,
}

impl<B> Bounded<B> {
    /// Of at most `most` bytes, which must be there `until` then.
    pub fn new(body: B, most: usize, until: Instant, fate: BodyFate) -> Self {
        Self {
            body,
            left: most,
            until,
            alarm: None,
            fate,
        }
    }
}

impl<B> Body for Bounded<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<axum::BoxError>,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let this = &mut *self;
        let frame = match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                let until = this.until;
                let alarm = this
                    .alarm
                    .get_or_insert_with(|| Box::pin(sleep_until(until)));
                ready!(alarm.as_mut().poll(context));
                this.fate.set(LATE);
                return Poll::Ready(Some(Err(Cut.into())));
            }
        };
        let Some(frame) = frame else {
            this.fate.set(READ);
            return Poll::Ready(None);
        };
        let frame = frame.map_err(Into::into)?;
        let length = frame.data_ref().map_or(0, Bytes::len);
        let Some(left) = this.left.checked_sub(length) else {
            this.fate.set(TOO_LARGE);
            return Poll::Ready(Some(Err(Cut.into())));
        };
        this.left = left;
        if this.body.is_end_stream() {
            this.fate.set(READ);
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::stream;
    use http_body_util::{BodyExt, StreamBody};

    use super::*;

    /// A body of chunks, each after so many seconds.
    fn chunks(lengths: Vec<usize>, seconds: u64) -> impl Body<Data = Bytes, Error = Cut> + Unpin {
        let chunks = stream::unfold(lengths.into_iter(), move |mut lengths| async move {
            let length = lengths.next()?;
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Some((Ok(Frame::data(vec![0; length].into())), lengths))
        });
        StreamBody::new(Box::pin(chunks))
    }

    async fn read(lengths: Vec<usize>, seconds: u64) -> (Option<usize>, BodyFate) {
        let fate = BodyFate::default();
        let until = Instant::now() + Duration::from_secs(30);
        let body = Bounded::new(chunks(lengths, seconds), 100, until, fate.clone());
        let read = body.collect().await.ok();
        (read.map(|read| read.to_bytes().len()), fate)
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_in_time_is_read() {
        let (read, fate) = read(vec![40, 0, 60], 9).await;
        assert_eq!(read, Some(100));
        assert!(fate.is_read() && fate.error().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_in_drops_is_cut_off() {
        let (read, fate) = read(vec![1; 100], 1).await;
        assert_eq!((read, fate.error()), (None, Some(QuadError::Timeout)));
        assert!(!fate.is_read());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_without_end_is_cut_off() {
        let (read, fate) = read(vec![10; 11], 0).await;
        assert_eq!((read, fate.error()), (None, Some(QuadError::TooLarge)));
    }
}
