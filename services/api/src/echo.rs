//! Gives every answer the `x-request-id` that its call came with.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderName, Request, Response};
use tower::Service;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is echoed, in bytes; a longer one is left out.
const LONGEST: usize = 200;

/// The layer's service.
#[derive(Clone)]
pub(crate) struct EchoRequestId<S> {
    inner: S,
}

impl<S> EchoRequestId<S> {
    /// Echoes around `inner`.
    pub(crate) fn around(inner: S) -> Self {
        Self { inner }
    }
}

impl<S, B, R> Service<Request<B>> for EchoRequestId<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    R: 'static,
    S::Error: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let id = request.headers().get(&REQUEST_ID).filter(|id| id.len() <= LONGEST).cloned();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut answer = answer.await?;
            if let Some(id) = id {
                answer.headers_mut().insert(REQUEST_ID, id);
            }
            Ok(answer)
        })
    }
}
