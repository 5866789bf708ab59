//! What every method repeats, so that it is the same in all of them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use onward_contract::receipt::v1 as receipt_wire;
use onward_domain::decider::{Decider, Refusal};
use onward_domain::event::Provenance;
use onward_domain::ids::{LearnerId, OrganisationId};
use onward_log::{Attempt, Call, ExecuteError, Executed, Key, Position, Receipt, Stop, Unit};
use onward_views::ViewName;
use prost::Message;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Request, Response};
use uuid::Uuid;

use crate::Doors;
use crate::guard::Caller;
use crate::keys;
use crate::status::Failure;
use crate::wire;
use crate::wire::request::Writes;

/// Set to `true` in the answer of a write that had been answered before.
pub const REPLAYED: &str = "onward-replayed";

/// Longest wait for a view to reach the position that a reader asks for: longer than the lease on a
/// view's partitions, so that a reader waits through the take-over after a crash.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A request that was let in.
pub struct Entered<T> {
    /// Who calls.
    pub caller: Caller,
    /// The message.
    pub message: T,
    /// The message in its canonical encoding: what a request id is bound to.
    pub body: Bytes,
    /// The call's metadata, for streams that check again.
    pub metadata: MetadataMap,
}

impl<T: Writes> Entered<T> {
    /// What is said with every fact of this write.
    ///
    /// # Errors
    /// When it happened is no day of the calendar, or lies in the future.
    pub fn provenance(&self) -> Result<Provenance, Refusal> {
        let (caller, message) = (&self.caller, &self.message);
        let occurred = message.occurred(caller.now)?;
        Ok(wire::provenance(caller, message.actor(), occurred, message.external_ref()))
    }

    /// The key under which the caller finds what it recorded by its own reference.
    pub fn reference(&self, area: &str) -> Option<Key> {
        let reference = self.message.external_ref().and_then(wire::text)?;
        Some(keys::external_ref(self.caller.organisation(), area, &reference))
    }
}

/// An attempt, from a closure.
pub fn attempt<F>(run: F) -> Attempt
where
    F: for<'a> Fn(&'a mut Unit) -> BoxFuture<'a, Result<(), Stop>> + Send + Sync + 'static,
{
    Arc::new(run)
}

impl Doors {
    /// Writes what an attempt decides, under the request's id.
    ///
    /// # Errors
    /// A refusal of the domain, or what the write path says.
    pub async fn write<T: Writes>(
        &self,
        entered: &Entered<T>,
        attempt: Attempt,
    ) -> Result<Executed, Failure> {
        let provenance = entered.provenance()?;
        let request_id = entered.message.request_id();
        let done = self
            .execute(&entered.caller, request_id, entered.body.clone(), provenance, attempt)
            .await;
        match done {
            // Nobody expected a version, so none was wrong: others were quicker, again and again.
            Err(Failure::Execute(ExecuteError::Conflict { .. }))
                if entered.message.expected_version().is_none() =>
            {
                Err(Failure::Contended)
            }
            done => done,
        }
    }

    /// Takes one step on one stream, which the caller may see.
    ///
    /// # Errors
    /// As [`Doors::write`].
    pub async fn step<D, T>(
        &self,
        entered: &Entered<T>,
        area: &str,
        stream: Uuid,
        command: impl Into<D::Command>,
    ) -> Result<Executed, Failure>
    where
        D: Decider + 'static,
        D::Command: Clone + 'static,
        T: Writes,
    {
        let command: D::Command = command.into();
        let reference = entered.reference(area);
        let expected = entered.message.expected_version();
        let attempt = attempt(move |unit| {
            let (command, reference) = (command.clone(), reference.clone());
            async move {
                unit.expect(stream, expected);
                let mut loaded = unit.load::<D>(stream).await?;
                let already = unit.decide::<D>(&mut loaded, command)?;
                if let Some(reference) = reference.filter(|_| already.is_none()) {
                    unit.claim(reference, stream, (None, None));
                }
                Ok(())
            }
            .boxed()
        });
        self.write(entered, attempt).await
    }

    /// The position that a read of the log reflects, which must be at or above what the reader has a
    /// receipt for.
    ///
    /// # Errors
    /// A position that this log never gave.
    pub async fn head_from(&self, min_position: &str) -> Result<Position, Failure> {
        let head = self.log().head().await?;
        if !min_position.is_empty() {
            let wanted: Position = min_position
                .parse()
                .map_err(|_| Refusal::field("min_position", "must be a receipt's position"))?;
            if wanted > head {
                let never = "is a position that this log never gave";
                return Err(Refusal::field("min_position", never).into());
            }
        }
        Ok(head)
    }

    /// Lets a unary request in.
    ///
    /// # Errors
    /// No good token, not allowed, or a faulty field.
    pub async fn open<T: Message>(
        &self,
        method: &'static str,
        request: Request<T>,
    ) -> Result<Entered<T>, Failure> {
        let (metadata, _, message) = request.into_parts();
        // prost writes fields in the order of their numbers and unknown ones not at all, so equal
        // messages have equal bytes (maps aside, which no write request has).
        let body = Bytes::from(message.encode_to_vec());
        let caller = self.enter(method, &metadata, &body).await?;
        Ok(Entered { caller, message, body, metadata })
    }

    /// As [`Doors::open`], with what the request shows that it will look up: asked together with the
    /// caller's roles. Answers the doors for the rest of the call.
    ///
    /// # Errors
    /// No good token, not allowed, or a faulty field.
    pub(crate) async fn open_asking<T: Message>(
        &self,
        method: &'static str,
        request: Request<T>,
        needs: impl FnOnce(&T, OrganisationId) -> Vec<Key>,
    ) -> Result<(Self, Entered<T>), Failure> {
        let (metadata, _, message) = request.into_parts();
        let body = Bytes::from(message.encode_to_vec());
        let bearer = self.bearer(&metadata)?;
        let mut keys = bearer.memberships.to_vec();
        keys.extend(needs(&message, bearer.identity.organisation));
        let doors = self.asking(keys).await?;
        let caller = doors.admit_bearer(method, bearer, &metadata).await?;
        doors.check(method, &body)?;
        Ok((doors, Entered { caller, message, body, metadata }))
    }

    /// Runs a write under the caller's request id, in a task of its own that nobody cancels.
    ///
    /// # Errors
    /// A refusal of the domain, or what the write path says.
    pub async fn execute(
        &self,
        caller: &Caller,
        request_id: &str,
        body: Bytes,
        provenance: Provenance,
        attempt: Attempt,
    ) -> Result<Executed, Failure> {
        let request = Some(caller.write(request_id, body)?);
        Ok(self.log().execute(Call { request, provenance }, attempt).await?)
    }

    /// Waits until a view shows everything up to the position that the reader has a receipt for.
    /// Empty: no waiting. Answers the position that the view reflects.
    ///
    /// # Errors
    /// Not a position, or the view does not get there in time.
    pub async fn reach(&self, view: ViewName, min_position: &str) -> Result<Position, Failure> {
        let wanted = if min_position.is_empty() {
            Position::START
        } else {
            // A position above the log's end would never be reached.
            self.head_from(min_position).await?;
            min_position
                .parse()
                .map_err(|_| Refusal::field("min_position", "must be a receipt's position"))?
        };
        Ok(self.views().wait_for(view, wanted, LONGEST_WAIT).await?)
    }

    /// Since when what a view shows of these learners is not up to date: one of them is parked on a fault.
    /// None where all of it is.
    ///
    /// # Errors
    /// The view cannot answer.
    pub async fn stale(
        &self,
        view: ViewName,
        learners: impl IntoIterator<Item = LearnerId>,
    ) -> Result<Option<prost_types::Timestamp>, Failure> {
        let learners: Vec<_> = learners.into_iter().map(LearnerId::uuid).collect();
        let parked = self.views().not_up_to_date(view, &learners).await?;
        Ok(parked.into_iter().map(|(_, since)| since).min().map(moment))
    }
}

/// A receipt as the contract spells it.
pub fn receipt(receipt: &Receipt) -> receipt_wire::Receipt {
    receipt_wire::Receipt {
        position: receipt.position.to_string(),
        stream_version: receipt.stream_version,
        event_ids: receipt.event_ids.iter().map(ToString::to_string).collect(),
        recorded_at: Some(moment(receipt.recorded_at)),
    }
}

/// A moment as the contract spells it.
pub fn moment(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
}

/// An id that the write issued, as it was issued the first time.
pub fn issued(executed: &Executed, name: &str) -> String {
    executed
        .issued
        .iter()
        .find(|(issued, _)| issued == name)
        .map(|(_, id)| id.clone())
        .unwrap_or_default()
}

/// The response of a write, marked when it repeats an earlier answer.
///
/// # Errors
/// None; a `Result` so that methods end with it.
pub fn answer<T, E>(executed: &Executed, message: T) -> Result<Response<T>, E> {
    let mut response = Response::new(message);
    if executed.replayed {
        response.metadata_mut().insert(REPLAYED, MetadataValue::from_static("true"));
    }
    Ok(response)
}
