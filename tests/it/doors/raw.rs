//! Calls by path with bytes: what no generated client would send.

use onward_tests::actors::Member;
use prost::bytes::{Buf, BufMut};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::Method;

/// Bytes as they are.
#[derive(Clone, Copy, Default)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; from.remaining()];
        from.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}

/// Calls a method as a member. A stream counts as answered once it is open; of one that goes both ways,
/// the first result is read.
pub(super) async fn call(who: &Member, method: &Method, bytes: Vec<u8>) -> Result<Vec<u8>, Status> {
    call_with(who.channel(), Some(&format!("Bearer {}", who.token())), method, bytes).await
}

/// As [`call`], with any `authorization`, or none.
pub(super) async fn call_with(
    channel: Channel,
    authorization: Option<&str>,
    method: &Method,
    bytes: Vec<u8>,
) -> Result<Vec<u8>, Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|error| Status::unknown(format!("no connection: {error}")))?;
    let path: PathAndQuery = method.path.parse().expect("a path of the contract");
    let bearer = authorization.map(|value| {
        let value: MetadataValue<Ascii> = value.parse().expect("a header's value");
        value
    });
    let descriptor = &method.descriptor;
    if descriptor.is_client_streaming() {
        let mut request = Request::new(tokio_stream::once(bytes));
        request.metadata_mut().extend_with(bearer);
        let mut answers = client.streaming(request, path, Bytes).await?.into_inner();
        return Ok(answers.message().await?.unwrap_or_default());
    }
    let mut request = Request::new(bytes);
    request.metadata_mut().extend_with(bearer);
    if descriptor.is_server_streaming() {
        client.server_streaming(request, path, Bytes).await?;
        return Ok(Vec::new());
    }
    Ok(client.unary(request, path, Bytes).await?.into_inner())
}

trait ExtendWith {
    fn extend_with(&mut self, bearer: Option<MetadataValue<Ascii>>);
}

impl ExtendWith for tonic::metadata::MetadataMap {
    fn extend_with(&mut self, bearer: Option<MetadataValue<Ascii>>) {
        if let Some(bearer) = bearer {
            self.insert("authorization", bearer);
        }
    }
}
