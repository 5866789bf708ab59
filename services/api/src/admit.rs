//! Lets as many calls in as the process can carry, and sends the others away at once with a time to come
//! back: a queue that nobody bounds answers everybody too late. Bounds the time that a call may take, too.
//!
//! tonic has both as settings of its server, but answers them without a reason, above every layer of ours.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use tokio::sync::Semaphore;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::Service;

use crate::status::of_transport;
use crate::weigh::Scales;

/// Asked by whoever decides whether this process lives: an answer of "overloaded" would end it.
const ALWAYS: &str = "/grpc.health.v1.Health/";

/// The layer's service. Clones share the room.
#[derive(Clone)]
pub(crate) struct Admit<S> {
    inner: S,
    room: Arc<Semaphore>,
    scales: Scales,
    longest: Duration,
}

impl<S> Admit<S> {
    /// Admits so many calls at a time to `inner`, for so long each, and what of them has room on the
    /// scales. A call is over when its answer, or the first word of its stream of answers, is there.
    pub(crate) fn around(inner: S, calls: usize, scales: Scales, longest: Duration) -> Self {
        let room = Arc::new(Semaphore::new(calls.clamp(1, Semaphore::MAX_PERMITS)));
        Self { inner, room, scales, longest }
    }
}

impl<S, R> Service<Request<Body>> for Admit<S>
where
    S: Service<Request<Body>, Response = Response<R>>,
    S::Future: Send + 'static,
    R: Default + 'static,
    S::Error: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let permit = Arc::clone(&self.room).try_acquire_owned().ok();
        if permit.is_none() && !request.uri().path().starts_with(ALWAYS) {
            return Box::pin(async { Ok(refused(Code::ResourceExhausted)) });
        }
        let (head, body) = request.into_parts();
        let (body, weight) = self.scales.weigh(body);
        let called = self.inner.call(Request::from_parts(head, body));
        let answer = tokio::time::timeout(self.longest, called);
        Box::pin(async move {
            let answer = answer.await;
            drop((permit, weight));
            answer.unwrap_or_else(|_| Ok(refused(Code::DeadlineExceeded)))
        })
    }
}

fn refused<R: Default>(code: Code) -> Response<R> {
    of_transport(&Status::new(code, "")).into_http()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use onward_contract::reason;
    use tonic_types::StatusExt;

    use super::*;

    /// Never answers, but to `/now`.
    #[derive(Clone)]
    struct Slow;

    impl Service<Request<Body>> for Slow {
        type Response = Response<()>;
        type Error = Infallible;
        type Future = Pin<Box<dyn Future<Output = Result<Response<()>, Infallible>> + Send>>;

        fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request<Body>) -> Self::Future {
            let now = request.uri().path().ends_with("/Now");
            Box::pin(async move {
                if !now {
                    std::future::pending::<()>().await;
                }
                Ok(Response::new(()))
            })
        }
    }

    fn ask(path: &str) -> Request<Body> {
        Request::builder().uri(path).body(Body::default()).expect("a path")
    }

    fn told(answer: Result<Response<()>, Infallible>) -> Option<(Code, String, bool)> {
        let Ok(answer) = answer;
        let status = Status::from_header_map(answer.headers())?;
        let details = status.get_error_details();
        let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
        Some((status.code(), reason, details.retry_info().is_some()))
    }

    #[tokio::test]
    async fn who_does_not_fit_is_sent_away_with_a_time_to_come_back() {
        let mut admit = Admit::around(Slow, 1, Scales::new(1, 1), Duration::from_secs(3600));
        let first = admit.call(ask("/a/Never"));
        let full = (Code::ResourceExhausted, reason::OVERLOADED.to_owned(), true);
        assert_eq!(told(admit.call(ask("/a/Now")).await), Some(full));
        assert_eq!(told(admit.call(ask("/grpc.health.v1.Health/Now")).await), None);
        drop(first);
        assert_eq!(told(admit.call(ask("/a/Now")).await), None, "a call that goes makes room");
    }

    #[tokio::test]
    async fn a_call_that_takes_too_long_has_a_reason() {
        let mut admit = Admit::around(Slow, 1, Scales::new(1, 1), Duration::ZERO);
        let late = (Code::DeadlineExceeded, reason::TIMED_OUT.to_owned(), false);
        assert_eq!(told(admit.call(ask("/a/Never")).await), Some(late));
    }
}
