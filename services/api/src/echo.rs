//! Gives every answer the `x-request-id` that its call came with, and tells the program log of the call.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{HeaderMap, HeaderName, Request, Response};
use tonic::Code;
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
        let (method, began) = (request.uri().path().to_owned(), Instant::now());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut answer = answer.await?;
            told(&method, answer.headers(), began);
            if let Some(id) = id {
                answer.headers_mut().insert(REQUEST_ID, id);
            }
            Ok(answer)
        })
    }
}

/// One line a call for `-vv`: which method, how it was answered, how long that took. Of streams, the start.
fn told(method: &str, headers: &HeaderMap, began: Instant) {
    // Anybody can ask for any path; only the contract's are repeated.
    let method = if method.starts_with("/onward.") || method.starts_with("/grpc.") {
        method
    } else {
        "of another protocol"
    };
    // Absent where there is a message: the status comes behind it.
    let refused = headers.get("grpc-status").and_then(|code| code.to_str().ok());
    let code = refused.and_then(|code| code.parse().ok()).map_or(Code::Ok, Code::from_i32);
    tracing::debug!(method, ?code, micros = began.elapsed().as_micros(), "a call was answered");
}
