//! The first showing of a handover to its receiver, by a list or a watch: recorded once, whoever shows it
//! and however often.

use bytes::Bytes;
use futures::FutureExt;
use onward_domain::handover::{Deliver, Handover as Concept};
use onward_domain::ids::{HandoverId, RequestId};
use onward_log::{Call, Request};
use uuid::Uuid;

use crate::Doors;
use crate::call::attempt;
use crate::guard::Caller;

/// Under which request ids of deliveries are derived.
const DELIVERY: Uuid = Uuid::from_u128(0x5e1b_37a0_94c2_5d0f_8a16_2f7f_c0de_1ab5);

/// Name of the step among the receiver's requests: the same from the list and from the watch.
const METHOD: &str = "HandoverDelivered";

impl Doors {
    /// Records that the receiver was shown a handover. The log does it in a task of its own, so that a
    /// reader who goes away leaves nothing half done. A failure is the next showing's to mend: the
    /// reader has seen what it was shown either way.
    pub(super) async fn deliver(&self, caller: &Caller, handover: HandoverId) {
        let id = handover.uuid();
        let request = Request {
            organisation: caller.organisation(),
            id: RequestId::new(Uuid::new_v5(&DELIVERY, id.as_bytes())),
            method: METHOD,
            body: Bytes::copy_from_slice(id.as_bytes()),
        };
        let call = Call { request: Some(request), provenance: caller.provenance(None, None, None) };
        let attempt = attempt(move |unit| {
            async move {
                let mut handover = unit.load::<Concept>(id).await?;
                unit.decide(&mut handover, Deliver.into())?;
                Ok(())
            }
            .boxed()
        });
        if let Err(error) = self.log().execute(call, attempt).await {
            tracing::warn!(%error, handover = %id, "a delivery was not recorded");
        }
    }
}
