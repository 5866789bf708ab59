//! A connection to a running server, as the caller that the token names.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use onward_contract::directory::v1::directory_service_client::DirectoryServiceClient;
use onward_contract::handover::v1::handover_service_client::HandoverServiceClient;
use onward_contract::learner::v1::learner_service_client::LearnerServiceClient;
use onward_contract::operations::v1::operations_service_client::OperationsServiceClient;
use onward_contract::referral::v1::queue_service_client::QueueServiceClient;
use onward_contract::referral::v1::referral_service_client::ReferralServiceClient;
use onward_contract::timeline::v1::timeline_service_client::TimelineServiceClient;
use onward_contract::transition::v1::dsa_service_client::DsaServiceClient;
use onward_contract::transition::v1::transition_service_client::TransitionServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};
use tonic_types::StatusExt;

use crate::cli::ServerArgs;

/// Longest answer that is read, in bytes.
const LARGEST: usize = 16 * 1024 * 1024;

/// Puts the bearer token on every call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// What a service's client is made on.
pub type Transport = InterceptedService<Channel, Bearer>;

/// A server, as one caller. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    channel: Channel,
    bearer: Bearer,
}

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(&self) -> $client<Transport> {
            let transport = InterceptedService::new(self.channel.clone(), self.bearer.clone());
            $client::new(transport).max_decoding_message_size(LARGEST)
        }
    )*};
}

impl Server {
    /// Connects with the flags or the environment of a command.
    ///
    /// # Errors
    /// No token, a URL that is none, or nobody answers.
    pub async fn connect(args: &ServerArgs) -> anyhow::Result<Self> {
        let token = args.token.as_deref().context(
            "a token is needed: --token T or ONWARD_TOKEN (onward token makes one for development)",
        )?;
        Self::dial_trusting(&args.server, token, args.ca.as_deref()).await
    }

    /// Connects with an address and a token.
    ///
    /// # Errors
    /// As [`Server::connect`].
    pub async fn dial(url: &str, token: &str) -> anyhow::Result<Self> {
        Self::dial_trusting(url, token, None).await
    }

    /// As [`Server::dial`]; over TLS the server's certificate is signed by an authority in the file, else
    /// by one that the system trusts.
    async fn dial_trusting(
        url: &str,
        token: &str,
        authority: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let no_url = || anyhow!("{url} is not a URL such as http://127.0.0.1:7700");
        let mut endpoint = Endpoint::from_shared(url.to_owned()).map_err(|_| no_url())?;
        match endpoint.uri().scheme_str() {
            Some("https") => endpoint = endpoint.tls_config(trusting(authority)?)?,
            Some("http") => {}
            _ => return Err(no_url()),
        }
        let endpoint = endpoint
            .connect_timeout(Duration::from_secs(5))
            .tcp_nodelay(true)
            .user_agent(concat!("onward/", env!("CARGO_PKG_VERSION")))?;
        let channel = endpoint.connect().await.map_err(|error| unanswered(url, &error))?;
        Ok(Self { channel, bearer: bearer(token)? })
    }

    /// The same server as another caller, over the same connection.
    ///
    /// # Errors
    /// The token holds characters that no header can.
    pub fn with_token(&self, token: &str) -> anyhow::Result<Self> {
        Ok(Self { channel: self.channel.clone(), bearer: bearer(token)? })
    }

    /// The token that goes with every call.
    pub fn token(&self) -> &str {
        self.bearer
            .0
            .to_str()
            .ok()
            .and_then(|value| value.strip_prefix("Bearer "))
            .unwrap_or_default()
    }

    clients! {
        /// Organisations and members.
        directory: DirectoryServiceClient;
        /// Records of learners.
        learners: LearnerServiceClient;
        /// Moves between settings.
        transitions: TransitionServiceClient;
        /// Disabled Students' Allowance cases.
        dsa: DsaServiceClient;
        /// Packs on their way.
        handovers: HandoverServiceClient;
        /// Timelines.
        timelines: TimelineServiceClient;
        /// Referrals, the setting's side.
        referrals: ReferralServiceClient;
        /// Referrals, the team's side.
        queues: QueueServiceClient;
        /// The house itself.
        operations: OperationsServiceClient;
    }
}

fn trusting(authority: Option<&Path>) -> anyhow::Result<ClientTlsConfig> {
    let Some(file) = authority else { return Ok(ClientTlsConfig::new().with_native_roots()) };
    let cannot = || format!("{} cannot be read", file.display());
    let certificates = std::fs::read(file).with_context(cannot)?;
    Ok(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(certificates)))
}

/// Why nobody answered, in one line: the innermost cause says it.
fn unanswered(url: &str, error: &tonic::transport::Error) -> anyhow::Error {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    anyhow!("nobody answers at {url}; is onward serve running? ({cause})")
}

fn bearer(token: &str) -> anyhow::Result<Bearer> {
    let value = format!("Bearer {}", token.trim());
    Ok(Bearer(value.parse().map_err(|_| anyhow!("the token is not one"))?))
}

/// A refusal of the server in one line: sentence, reason, and each faulty field.
pub fn told(status: &Status) -> anyhow::Error {
    anyhow!("{}", line(status))
}

/// As [`told`], as text.
pub fn line(status: &Status) -> String {
    let details = status.get_error_details();
    let mut line = status.message().to_owned();
    if let Some(info) = details.error_info() {
        line = format!("{line} ({})", info.reason);
    }
    for violation in details.bad_request().iter().flat_map(|bad| &bad.field_violations) {
        line = format!("{line}; {}: {}", violation.field, violation.description);
    }
    line
}

/// The stable reason of a refusal, if the server gave one.
pub fn reason(status: &Status) -> Option<String> {
    status.get_error_details().error_info().map(|info| info.reason.clone())
}

/// A value that the server put beside the reason.
pub fn metadata(status: &Status, key: &str) -> Option<String> {
    status.get_error_details().error_info().and_then(|info| info.metadata.get(key).cloned())
}
