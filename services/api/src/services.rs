//! The list of services: each with its size limits, the compression it takes, and its health.

use onward_contract::directory::v1::directory_service_server::DirectoryServiceServer;
use onward_contract::handover::v1::handover_service_server::HandoverServiceServer;
use onward_contract::learner::v1::learner_service_server::LearnerServiceServer;
use onward_contract::operations::v1::operations_service_server::OperationsServiceServer;
use onward_contract::referral::v1::queue_service_server::QueueServiceServer;
use onward_contract::referral::v1::referral_service_server::ReferralServiceServer;
use onward_contract::timeline::v1::timeline_service_server::TimelineServiceServer;
use onward_contract::transition::v1::dsa_service_server::DsaServiceServer;
use onward_contract::transition::v1::transition_service_server::TransitionServiceServer;
use tonic::codec::CompressionEncoding;
use tonic::service::RoutesBuilder;
use tonic_health::server::HealthReporter;

use crate::directory::Directory;
use crate::dsa::Dsa;
use crate::handover::Handover;
use crate::learner::Learner;
use crate::operations::Operations;
use crate::queue::Queue;
use crate::referral::Referral;
use crate::timeline::Timeline;
use crate::transition::Transition;
use crate::{Doors, Limits};

/// Adds every service to the routes and says that it serves.
pub(crate) async fn add(
    routes: &mut RoutesBuilder,
    doors: &Doors,
    limits: &Limits,
    health: &HealthReporter,
) {
    macro_rules! serve {
        ($($server:ident($service:ident)),+ $(,)?) => {$(
            let service = $server::new($service(doors.clone()))
                .max_decoding_message_size(limits.largest_request)
                .max_encoding_message_size(limits.largest_response)
                .accept_compressed(CompressionEncoding::Gzip)
                .send_compressed(CompressionEncoding::Gzip);
            routes.add_service(service);
            health.set_serving::<$server<$service>>().await;
        )+};
    }
    serve!(
        DirectoryServiceServer(Directory),
        LearnerServiceServer(Learner),
        TransitionServiceServer(Transition),
        DsaServiceServer(Dsa),
        HandoverServiceServer(Handover),
        TimelineServiceServer(Timeline),
        ReferralServiceServer(Referral),
        QueueServiceServer(Queue),
        OperationsServiceServer(Operations),
    );
}
