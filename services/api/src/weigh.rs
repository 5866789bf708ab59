//! Weighs what is being read of requests. The number of calls under way bounds nothing by itself: a thousand
//! requests of a megabyte each are a gigabyte, and nobody knows yet whether their tokens are good.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::body::Body;
use tonic::{Code, Status};

use crate::status::of_transport;

/// Room for the bytes under way of all calls together. Clones share it.
#[derive(Clone)]
pub(crate) struct Scales {
    room: Arc<Semaphore>,
    most: usize,
}

/// What one call has on the scales, until it is dropped.
pub(crate) struct Weight {
    scales: Scales,
    held: Mutex<Option<OwnedSemaphorePermit>>,
}

/// The body of a request, weighed as it comes.
struct Weighed {
    body: Body,
    weight: Arc<Weight>,
}

impl Scales {
    /// Takes so many bytes under way, of which one call counts for `most` at the most: a stream of requests
    /// has let go of those before.
    pub(crate) fn new(bytes: usize, most: usize) -> Self {
        let bytes = bytes.clamp(1, Semaphore::MAX_PERMITS);
        Self { room: Arc::new(Semaphore::new(bytes)), most: most.min(bytes) }
    }

    /// Weighs the body from here on. The weight stays as long as the body or what is answered here lives.
    pub(crate) fn weigh(&self, body: Body) -> (Body, Arc<Weight>) {
        let weight = Arc::new(Weight { scales: self.clone(), held: Mutex::default() });
        (Body::new(Weighed { body, weight: Arc::clone(&weight) }), weight)
    }
}

impl Weight {
    /// Whether there was room for so many more.
    fn add(&self, bytes: usize) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let has = held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = u32::try_from(bytes.min(self.scales.most.saturating_sub(has)));
        let room = Arc::clone(&self.scales.room);
        let Ok(more) = room.try_acquire_many_owned(more.unwrap_or(u32::MAX)) else { return false };
        match held.as_mut() {
            Some(held) => held.merge(more),
            None => *held = Some(more),
        }
        true
    }
}

impl HttpBody for Weighed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            if !self.weight.add(bytes) {
                let full = of_transport(&Status::new(Code::ResourceExhausted, ""));
                return Poll::Ready(Some(Err(full)));
            }
        }
        frame
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
    use std::future::poll_fn;

    use onward_contract::reason;
    use tonic_types::StatusExt;

    use super::*;

    fn of(bytes: usize) -> Body {
        Body::new(Whole(Some(Bytes::from(vec![7; bytes]))))
    }

    /// One frame.
    struct Whole(Option<Bytes>);

    impl HttpBody for Whole {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
        }
    }

    async fn read(body: &mut Body) -> Result<usize, Status> {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await;
        let frame = frame.transpose()?;
        Ok(frame.and_then(|frame| frame.data_ref().map(Bytes::len)).unwrap_or_default())
    }

    #[tokio::test]
    async fn what_does_not_fit_is_sent_away_and_room_comes_back() {
        let scales = Scales::new(100, 80);
        let (mut first, call) = scales.weigh(of(60));
        assert_eq!(read(&mut first).await.expect("it fits"), 60);
        let (mut second, _) = scales.weigh(of(60));
        let full = read(&mut second).await.expect_err("it does not");
        let details = full.get_error_details();
        let reason = details.error_info().map(|info| info.reason.clone());
        assert_eq!(reason.as_deref(), Some(reason::OVERLOADED));
        assert!(full.code() == Code::ResourceExhausted && details.retry_info().is_some());
        // The request was read, and is still being worked on.
        drop(first);
        assert!(read(&mut scales.weigh(of(60)).0).await.is_err());
        drop(call);
        assert_eq!(read(&mut scales.weigh(of(60)).0).await.expect("room again"), 60);
    }

    #[tokio::test]
    async fn a_stream_counts_for_its_largest_request() {
        let scales = Scales::new(100, 80);
        let (_stream, weight) = scales.weigh(Body::default());
        for _ in 0..50 {
            assert!(weight.add(30));
        }
        let (_beside, other) = scales.weigh(Body::default());
        assert!(other.add(20), "no more than its most is taken");
        assert!(!scales.weigh(Body::default()).1.add(1));
    }
}
