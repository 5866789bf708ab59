//! Take the next referrals, each under a lease; hold one longer; give one back.

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use onward_contract::referral::v1 as wire;
use onward_domain::referral::{
    ExtendClaim, Referral as Concept, ReleaseClaim,
    lease::{DEFAULT_LEASE, LONGEST_LEASE},
};
use onward_log::{Call, ClaimWanted, Lease};
use tonic::Request;

use super::filter::filters;
use crate::Doors;
use crate::call::{attempt, issued, moment, receipt};
use crate::guard::Caller;
use crate::referral::{AREA, Told, View, Written};
use crate::status::Failure;
use crate::wire::request::Writes;

const UNTIL: &str = "lease_expires_at";

/// Takes the next referrals of a queue, in order. None free is an empty answer.
pub(super) async fn claim(
    doors: &Doors,
    request: Request<wire::ClaimReferralsRequest>,
) -> Written<wire::ClaimReferralsResponse> {
    let method = "/onward.referral.v1.QueueService/ClaimReferrals";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let queue = doors.own_queue(caller, &message.queue_id).await?;
    let wanted = ClaimWanted {
        queue,
        member: caller.member,
        max: usize::try_from(message.max).unwrap_or_default(),
        lease_seconds: length(message.lease_seconds).unsigned_abs().as_secs(),
        filters: filters(doors, queue, message.filter.as_ref(), caller.now.today).await?,
    };
    let call = Call {
        request: Some(caller.write(message.request_id(), entered.body.clone())?),
        provenance: entered.provenance()?,
    };
    let (executed, leases) = doors.log().claim_referrals(call, wanted).await?;
    let mut items = Vec::with_capacity(leases.len());
    let mut shown = Vec::with_capacity(leases.len());
    for lease in &leases {
        let told = doors.referral(lease.referral).await?;
        // The answer of a repeated request: what is held no longer, or was never this member's, is named only.
        if is_mine(&told, caller) {
            shown.push(lease.learner);
            items.push(claimed(doors, caller, lease, &told).await?);
        } else {
            items.push(named(lease));
        }
    }
    doors.write_down(caller, shown).await?;
    let response = wire::ClaimReferralsResponse {
        receipt: (!items.is_empty()).then(|| receipt(&executed.receipt)),
        items,
    };
    Ok((executed, response))
}

/// What was taken: its holder reads the form, for as long as it is the holder's.
async fn claimed(
    doors: &Doors,
    caller: &Caller,
    lease: &Lease,
    told: &Told,
) -> Result<wire::ClaimedReferral, Failure> {
    let view = View::Team { form: true };
    let today = caller.now.today;
    Ok(wire::ClaimedReferral {
        referral: Some(doors.shown_referral(caller.organisation(), told, view, today).await?),
        lease_token: lease.token.clone(),
        lease_expires_at: Some(moment(lease.until)),
    })
}

/// Which referral it was, and nothing about the child.
fn named(lease: &Lease) -> wire::ClaimedReferral {
    let referral = wire::Referral { referral_id: lease.referral.to_string(), ..Default::default() };
    wire::ClaimedReferral {
        referral: Some(referral),
        lease_token: String::new(),
        lease_expires_at: Some(moment(lease.until)),
    }
}

/// The caller holds it, or keeps it.
fn is_mine(told: &Told, caller: &Caller) -> bool {
    let me = Some(caller.member);
    told.state.holder(caller.now.at) == me || told.state.keeper == me
}

/// Makes a lease last longer, never beyond fourteen days from the claim.
pub(super) async fn extend(
    doors: &Doors,
    request: Request<wire::ExtendClaimRequest>,
) -> Written<wire::ExtendClaimResponse> {
    let method = "/onward.referral.v1.QueueService/ExtendClaim";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let id = doors.queued(caller, &message.referral_id).await?;
    let claimed_at = doors.referral(id).await?.claimed_at().unwrap_or(caller.now.at);
    let until = until(caller.now.at, claimed_at, message.lease_seconds);
    let command = ExtendClaim { member: caller.member, until, now: caller.now };
    let token = message.lease_token.clone();
    let (reference, expected) = (entered.reference(AREA), message.expected_version);
    let attempt = attempt(move |unit| {
        let (token, reference) = (token.clone(), reference.clone());
        async move {
            unit.expect(id.uuid(), expected);
            let mut referral = unit.load::<Concept>(id.uuid()).await?;
            if unit.decide(&mut referral, command.into())?.is_none() {
                unit.extend_lease(id, &token, until);
            }
            if let Some(reference) = reference {
                unit.claim(reference, id.uuid(), (None, None));
            }
            unit.issue(UNTIL, until.to_string());
            Ok(())
        }
        .boxed()
    });
    let executed = doors.write(&entered, attempt).await?;
    let until: Option<Timestamp> = issued(&executed, UNTIL).parse().ok();
    let response = wire::ExtendClaimResponse {
        receipt: Some(receipt(&executed.receipt)),
        lease_expires_at: until.map(moment),
    };
    Ok((executed, response))
}

/// Gives a referral back to the queue, at its old place.
pub(super) async fn release(
    doors: &Doors,
    request: Request<wire::ReleaseClaimRequest>,
) -> Written<wire::ReleaseClaimResponse> {
    let method = "/onward.referral.v1.QueueService/ReleaseClaim";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let id = doors.queued(caller, &message.referral_id).await?;
    let command = ReleaseClaim { member: caller.member, now: caller.now };
    let token = message.lease_token.clone();
    let (reference, expected) = (entered.reference(AREA), message.expected_version);
    let attempt = attempt(move |unit| {
        let (token, reference) = (token.clone(), reference.clone());
        async move {
            unit.expect(id.uuid(), expected);
            let mut referral = unit.load::<Concept>(id.uuid()).await?;
            if unit.decide(&mut referral, command.into())?.is_none() {
                unit.end_lease(id, &token);
            }
            if let Some(reference) = reference {
                unit.claim(reference, id.uuid(), (None, None));
            }
            Ok(())
        }
        .boxed()
    });
    let executed = doors.write(&entered, attempt).await?;
    let response = wire::ReleaseClaimResponse { receipt: Some(receipt(&executed.receipt)) };
    Ok((executed, response))
}

/// How long a lease is asked for: 0 is the usual length.
fn length(seconds: u32) -> SignedDuration {
    if seconds == 0 { DEFAULT_LEASE } else { SignedDuration::from_secs(i64::from(seconds)) }
}

/// When an extended lease ends, in whole microseconds as leases are kept.
fn until(now: Timestamp, claimed_at: Timestamp, seconds: u32) -> Timestamp {
    let wanted = now.saturating_add(length(seconds)).unwrap_or(now);
    let latest = claimed_at.saturating_add(LONGEST_LEASE).unwrap_or(now);
    let until = wanted.min(latest);
    Timestamp::from_microsecond(until.as_microsecond()).unwrap_or(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_never_reaches_beyond_fourteen_days_from_the_claim() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a moment");
        let claimed = at("2026-09-01T09:00:00Z");
        let now = at("2026-09-14T09:00:00Z");
        assert_eq!(until(now, claimed, 0), at("2026-09-14T09:30:00Z"));
        assert_eq!(until(now, claimed, 3600), at("2026-09-14T10:00:00Z"));
        assert_eq!(until(now, claimed, 1_209_600), at("2026-09-15T09:00:00Z"));
        assert_eq!(length(60), SignedDuration::from_secs(60));
    }
}
