//! One port: limits, layers in reading order, health, reflection, services.

use std::time::Duration;

use onward_contract::FILE_DESCRIPTOR_SET;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic_web::GrpcWebLayer;
use tower::ServiceBuilder;

use crate::Doors;
use crate::admit::Admit;
use crate::echo::EchoRequestId;
use crate::explain::Explain;
use crate::weigh::Scales;

/// Bounds on what one caller and all callers together can ask for. tonic sets none of them itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest message taken, in bytes.
    pub largest_request: usize,
    /// Largest message given, in bytes.
    pub largest_response: usize,
    /// Calls under way in the process; the next is sent away at once.
    pub calls: usize,
    /// Bytes of requests under way in the process; a request that does not fit is sent away as it is read.
    pub bytes: usize,
    /// Calls and streams under way on one connection, as HTTP/2 announces it.
    pub calls_per_connection: usize,
    /// Longest time that a unary call may take.
    pub call_time: Duration,
    /// Age at which a connection is asked to leave, so that callers spread over new processes.
    pub connection_age: Duration,
    /// How long such a connection may finish what it began.
    pub connection_grace: Duration,
    /// How often a silent connection is asked whether it is alive.
    pub keepalive: Duration,
    /// How long the answer to that may take.
    pub keepalive_answer: Duration,
    /// Largest header list, in bytes.
    pub headers: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            largest_request: 1024 * 1024,
            largest_response: 8 * 1024 * 1024,
            calls: 1024,
            // As many as thirty of the largest; a request costs its bytes three times over, at most.
            bytes: 32 * 1024 * 1024,
            calls_per_connection: 1024,
            call_time: Duration::from_secs(30),
            connection_age: Duration::from_secs(30 * 60),
            connection_grace: Duration::from_secs(30),
            keepalive: Duration::from_secs(30),
            keepalive_answer: Duration::from_secs(10),
            headers: 32 * 1024,
        }
    }
}

/// Certificate and key of the listener, PEM.
#[derive(Clone)]
pub struct Tls {
    /// Certificate chain.
    pub certificate: Vec<u8>,
    /// Private key.
    pub key: Vec<u8>,
}

/// Why the doors do not open, or closed.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The certificate or key cannot be used.
    #[error("the TLS certificate or key cannot be used: {0}")]
    Tls(tonic::transport::Error),
    /// Reflection could not be built from the contract.
    #[error("reflection could not be built: {0}")]
    Reflection(tonic_reflection::server::Error),
    /// A rule of the contract is not known.
    #[error("the contract has a rule that cannot be checked: {0}")]
    Contract(&'static crate::validate::CompileFault),
    /// The server failed.
    #[error("the server failed: {0}")]
    Transport(tonic::transport::Error),
}

/// Serves until `stop` is cancelled, then drains what is under way.
///
/// # Errors
/// The doors cannot open, or fail.
pub async fn serve(
    doors: Doors,
    listener: TcpListener,
    limits: Limits,
    tls: Option<Tls>,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    crate::validate::Validator::shared().map_err(ServeError::Contract)?;
    let mut server = builder(&limits);
    if let Some(tls) = tls {
        let identity = Identity::from_pem(tls.certificate, tls.key);
        server = server
            .tls_config(ServerTlsConfig::new().identity(identity))
            .map_err(ServeError::Tls)?;
    }
    let Limits { calls, call_time, .. } = limits;
    let scales = Scales::new(limits.bytes, limits.largest_request);
    let layers = ServiceBuilder::new()
        // The caller finds its own call again: the id it sent comes back.
        .layer(tower::layer::layer_fn(EchoRequestId::around))
        // gRPC-Web turns into gRPC here; everything below knows one protocol only.
        .layer(GrpcWebLayer::new())
        // What is refused before any method is reached has a reason, too.
        .layer(tower::layer::layer_fn(Explain::around))
        // What the process cannot carry is sent away before anything is read of it.
        .layer(tower::layer::layer_fn(move |inner| {
            Admit::around(inner, calls, scales.clone(), call_time)
        }))
        .into_inner();
    let routes = routes(doors, &limits).await?;
    server
        .layer(layers)
        .add_routes(routes)
        .serve_with_incoming_shutdown(
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            stop.cancelled_owned(),
        )
        .await
        .map_err(ServeError::Transport)
}

fn builder(limits: &Limits) -> Server {
    Server::builder()
        .accept_http1(true)
        .max_concurrent_streams(u32::try_from(limits.calls_per_connection).unwrap_or(u32::MAX))
        .max_connection_age(limits.connection_age)
        .max_connection_age_grace(limits.connection_grace)
        .http2_keepalive_interval(Some(limits.keepalive))
        .http2_keepalive_timeout(Some(limits.keepalive_answer))
        .http2_max_header_list_size(limits.headers)
        .tcp_nodelay(true)
}

/// Health, reflection (v1, and v1alpha for clients that speak nothing newer) and every service, without the
/// layers above: what a process that has no port of its own calls.
///
/// # Errors
/// Reflection cannot be built from the contract.
pub async fn routes(doors: Doors, limits: &Limits) -> Result<Routes, ServeError> {
    let (health, health_service) = tonic_health::server::health_reporter();
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let mut routes = Routes::builder();
    routes
        .add_service(health_service)
        .add_service(reflection().build_v1().map_err(ServeError::Reflection)?)
        .add_service(reflection().build_v1alpha().map_err(ServeError::Reflection)?);
    crate::services::add(&mut routes, &doors, limits, &health).await;
    Ok(routes.routes())
}
