//! Gives a reason to refusals that come from the transport and not from a method: a message that
//! cannot be read, one that is too large, a path that nothing serves. Every error carries one.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::{Code, Status};
use tower::Service;

use crate::status::of_transport;

/// The layer's service.
#[derive(Clone)]
pub(crate) struct Explain<S> {
    inner: S,
}

impl<S> Explain<S> {
    /// Explains what `inner` refuses.
    pub(crate) fn around(inner: S) -> Self {
        Self { inner }
    }
}

impl<S, B, R> Service<Request<B>> for Explain<S>
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
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut answer = answer.await?;
            explain(&mut answer);
            Ok(answer)
        })
    }
}

/// A refusal that is an answer's only content lies in its headers.
fn explain<R>(answer: &mut Response<R>) {
    let Some(status) = Status::from_header_map(answer.headers()) else { return };
    if status.code() == Code::Ok || !status.details().is_empty() {
        return;
    }
    let explained = of_transport(&status);
    // Written over the old one: the header names are the same. What cannot be written stays.
    if let Err(left) = explained.add_header(answer.headers_mut()) {
        tracing::warn!(code = ?left.code(), "a refusal could not be explained");
    }
}

#[cfg(test)]
mod tests {
    use onward_contract::reason;
    use tonic_types::StatusExt;

    use super::*;

    fn explained(status: Status) -> (Code, String) {
        let mut answer: Response<()> = status.into_http();
        explain(&mut answer);
        let status = Status::from_header_map(answer.headers()).expect("still a refusal");
        let details = status.get_error_details();
        let reason = details.error_info().map(|info| info.reason.clone());
        (status.code(), reason.unwrap_or_default())
    }

    #[test]
    fn refusals_of_the_transport_have_a_reason() {
        let large = Status::out_of_range("Error, decoded message length too large: found 2 bytes");
        let unread = Status::internal("failed to decode Protobuf message: invalid wire type");
        let cases = [
            (large, Code::ResourceExhausted, reason::MESSAGE_TOO_LARGE),
            (unread, Code::InvalidArgument, reason::INVALID_FIELD),
            (Status::unimplemented(""), Code::Unimplemented, reason::NOT_YET_SERVED),
            (Status::internal("anything"), Code::Internal, reason::INTERNAL),
        ];
        for (status, code, reason) in cases {
            assert_eq!(explained(status), (code, reason.to_owned()));
        }
    }

    #[test]
    fn a_refusal_with_a_reason_stays_as_it_is() {
        let refused = Status::from(crate::status::Failure::AccessLost);
        let expected = (Code::PermissionDenied, reason::ACCESS_LOST.to_owned());
        assert_eq!(explained(refused), expected);
    }
}
