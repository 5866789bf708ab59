//! The one way in. Every method, on every door, begins with [`Doors::enter`] and asks
//! [`Doors::related`] about anything that belongs to somebody; every answer that names learners goes
//! through [`Doors::write_down`] first.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::Timestamp;
use onward_access::{Identity, Principal, Rule, decide};
use onward_contract::access::v1 as wire;
use onward_domain::calendar::day_in_england;
use onward_domain::codes::role::MemberRole;
use onward_domain::codes::setting::OrganisationKind;
use onward_domain::decider::{Now, Refusal};
use onward_domain::event::{Actor, Occurred, Provenance};
use onward_domain::ids::{LearnerId, MemberId, OrganisationId, RequestId};
use onward_log::{Key, Read, Relation, Request as LogRequest};
use tonic::metadata::MetadataMap;
use uuid::Uuid;

use crate::Doors;
use crate::keys;
use crate::status::Failure;
use crate::tokens::Bearer;
use crate::validate::Validator;
use crate::wire::code::{self, wire_enums};

/// A caller who may call the method, and the request as it came.
#[derive(Clone)]
pub struct Caller {
    /// Who calls.
    pub principal: Principal,
    /// The caller's membership.
    pub member: MemberId,
    /// Full path of the method, `/onward.transition.v1.TransitionService/RecordTransition`.
    pub method: &'static str,
    /// The moment of the call.
    pub now: Now,
    /// `x-request-id` of the call, or the write's request id, for the record of reads.
    pub reference: String,
    /// Why the caller reads, where it says so (`x-purpose`).
    pub purpose: Option<String>,
}

impl Caller {
    /// The organisation that the caller acts for.
    pub fn organisation(&self) -> OrganisationId {
        self.principal.organisation()
    }

    /// Kind of that organisation.
    pub fn kind(&self) -> OrganisationKind {
        // A caller was admitted, so the kind is known; an unknown one never gets this far.
        self.principal.kind.unwrap_or(OrganisationKind::Other)
    }

    /// What is said with every fact that this call records.
    pub fn provenance(
        &self,
        actor: Option<Actor>,
        occurred: Option<Occurred>,
        external_ref: Option<String>,
    ) -> Provenance {
        Provenance {
            organisation: self.organisation(),
            member: Some(self.member),
            actor,
            occurred,
            external_ref,
        }
    }

    /// The write that this call asks for, named by its request id.
    ///
    /// # Errors
    /// The request id is not a UUID.
    pub fn write(&self, request_id: &str, body: Bytes) -> Result<LogRequest, Refusal> {
        let id: RequestId = request_id
            .parse()
            .map_err(|_| Refusal::field("request_id", "must be given, as a UUID"))?;
        Ok(LogRequest { organisation: self.organisation(), id, method: self.method, body })
    }
}

/// The moment of a call, with the day it falls on in England.
pub fn now(at: Timestamp) -> Now {
    Now { at, today: day_in_england(at) }
}

/// The keys under which the roles of an identity are held, in the order of [`MemberRole::ALL`].
fn memberships(identity: &Identity) -> Vec<Key> {
    let Identity { issuer, subject, organisation, .. } = identity;
    let of = |role: &MemberRole| keys::membership(issuer, subject, *organisation, *role);
    MemberRole::ALL.iter().map(of).collect()
}

impl Doors {
    /// Admits a caller to a method and checks the request's fields.
    ///
    /// # Errors
    /// No good token, not allowed, or a faulty field, in this order.
    pub async fn enter(
        &self,
        method: &'static str,
        metadata: &MetadataMap,
        encoded: &[u8],
    ) -> Result<Caller, Failure> {
        let caller = self.admit(method, metadata).await?;
        self.check(method, encoded)?;
        Ok(caller)
    }

    /// Admits a caller to a method. Streams call it again before they go on.
    ///
    /// # Errors
    /// No good token, or not allowed.
    pub async fn admit(
        &self,
        method: &'static str,
        metadata: &MetadataMap,
    ) -> Result<Caller, Failure> {
        let bearer = self.bearer(metadata)?;
        self.admit_bearer(method, bearer, metadata).await
    }

    /// Whom the token of a call names.
    ///
    /// # Errors
    /// No good token.
    pub(crate) fn bearer(&self, metadata: &MetadataMap) -> Result<Bearer, Failure> {
        let header = metadata.get("authorization").and_then(|value| value.to_str().ok());
        let hashed = |identity: &Identity| {
            memberships(identity).into_iter().map(|key| self.log().hashed(key)).collect()
        };
        Ok(self.verified().bearer(self.verifier(), header, Timestamp::now(), hashed)?)
    }

    /// As [`Doors::admit`], for a token that was verified a moment ago.
    ///
    /// # Errors
    /// Not allowed.
    pub(crate) async fn admit_bearer(
        &self,
        method: &'static str,
        bearer: Bearer,
        metadata: &MetadataMap,
    ) -> Result<Caller, Failure> {
        let text = |name: &str| {
            metadata.get(name).and_then(|value| value.to_str().ok()).map(|v| shorten(v, 200))
        };
        let now = now(Timestamp::now());
        let principal = self.principal(bearer, now).await?;
        decide(self.rule(method)?, &principal)?;
        let member = principal.member.ok_or(onward_access::Denied::NotAMember)?;
        Ok(Caller {
            principal,
            member,
            method,
            now,
            reference: text("x-request-id").unwrap_or_default(),
            purpose: text("x-purpose"),
        })
    }

    /// Checks an encoded request against the rules of its fields.
    ///
    /// # Errors
    /// `Refusal::Invalid` with each faulty field.
    pub fn check(&self, method: &'static str, encoded: &[u8]) -> Result<(), Failure> {
        let validator = Validator::shared().map_err(|_| Failure::View("contract"))?;
        let input = self.input_of(method)?;
        Ok(validator.check(input, encoded)?)
    }

    /// The identity as the directory's keys know it now: one look-up, so that a removed role is gone
    /// with the next call. The kind of an organisation never changes, so it is read once.
    async fn principal(&self, bearer: Bearer, now: Now) -> Result<Principal, Failure> {
        let Bearer { identity, memberships } = bearer;
        let organisation = identity.organisation;
        let registered = self.registration(organisation).await?;
        let roles = MemberRole::ALL;
        let found = self.find(&memberships).await?;
        let kind = registered.map(|registered| registered.kind);
        let mut principal = Principal { identity, kind, member: None, roles: Vec::new() };
        for found in found.iter().filter(|found| found.counts_on(now.today)) {
            if let Some(role) = roles.get(found.key_index) {
                principal.member = Some(MemberId::new(found.stream));
                principal.roles.push(*role);
            }
        }
        Ok(principal)
    }

    /// How the caller's organisation is connected to a stream: one look-up, keyed by stream and
    /// caller, that does the same work whether or not the stream exists.
    ///
    /// # Errors
    /// `NOT_FOUND` when none of the relations asked for holds.
    pub async fn related(
        &self,
        caller: &Caller,
        stream: Uuid,
        relations: &[Relation],
    ) -> Result<Vec<Relation>, Failure> {
        let organisation = caller.organisation();
        let keys: Vec<Key> =
            relations.iter().map(|held| Key::party(stream, organisation, *held)).collect();
        let found = self.find(&keys).await?;
        let held: Vec<Relation> =
            found.iter().filter_map(|found| relations.get(found.key_index)).copied().collect();
        if held.is_empty() { Err(Refusal::NotFound.into()) } else { Ok(held) }
    }

    /// Writes down that the caller is about to be shown these learners. Nothing is shown when this
    /// fails.
    ///
    /// # Errors
    /// The record of reads is not available.
    pub async fn write_down(
        &self,
        caller: &Caller,
        learners: impl IntoIterator<Item = LearnerId> + Send,
    ) -> Result<(), Failure> {
        let mut learners: Vec<LearnerId> = learners.into_iter().collect();
        learners.sort_unstable();
        learners.dedup();
        if learners.is_empty() {
            return Ok(());
        }
        let roles: Vec<&str> = caller.principal.roles.iter().map(|role| role.as_str()).collect();
        let read = Read {
            organisation: caller.organisation(),
            member: Some(caller.member),
            role: roles.join(","),
            purpose: caller.purpose.clone().unwrap_or_default(),
            method: caller.method.to_owned(),
            learners,
            request_id: Uuid::try_parse(&caller.reference).ok(),
            at: caller.now.at,
        };
        self.log().access().record(read).await.map_err(|_| Failure::NotWrittenDown)
    }

    fn input_of(&self, method: &'static str) -> Result<&'static str, Failure> {
        self.inputs().get(method).copied().ok_or(Failure::View("contract"))
    }

    fn rule(&self, method: &'static str) -> Result<&Rule, Failure> {
        // Default deny: a method without a rule is nobody's.
        self.rules().get(method).ok_or_else(|| onward_access::Denied::WrongKind.into())
    }
}

/// The contract's rules in the terms of the decision.
pub(crate) fn rules_of_contract() -> HashMap<&'static str, Rule> {
    onward_contract::rules().iter().map(|(path, rule)| (path.as_str(), rule_of(rule))).collect()
}

fn rule_of(rule: &wire::Rule) -> Rule {
    let kinds = rule.kinds.iter();
    let roles = rule.roles.iter();
    Rule {
        // An empty list means "any", so a value that got lost here would widen the rule: the test
        // below holds that none does.
        kinds: kinds
            .filter_map(|kind| code::parse::<wire::OrganisationKind, _>("", *kind).ok())
            .collect(),
        roles: roles
            .filter_map(|role| code::parse::<wire::MemberRole, _>("", *role).ok())
            .collect(),
        relations: rule.relations().filter_map(relation_of).collect(),
        names_learners: rule.names_learners,
    }
}

fn relation_of(relation: wire::Relation) -> Option<onward_access::Relation> {
    use onward_access::Relation;
    Some(match relation {
        wire::Relation::Unspecified => return None,
        wire::Relation::NoneNeeded => Relation::NoneNeeded,
        wire::Relation::OwnOrganisation => Relation::OwnOrganisation,
        wire::Relation::OwnRecord => Relation::OwnRecord,
        wire::Relation::NamedDestination => Relation::NamedDestination,
        wire::Relation::NamedQueue => Relation::NamedQueue,
        wire::Relation::OwnAuthority => Relation::OwnAuthority,
        wire::Relation::Operator => Relation::Operator,
    })
}

/// Full name of each method's request message, by the method's full path.
pub(crate) fn inputs_of_contract() -> HashMap<&'static str, &'static str> {
    onward_contract::pool()
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .map(|method| {
            let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
            // Once a process: the contract does not change while it runs.
            let path: &'static str = Box::leak(path.into_boxed_str());
            let input: &'static str =
                Box::leak(method.input().full_name().to_owned().into_boxed_str());
            (path, input)
        })
        .collect()
}

fn shorten(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(most).collect()
}

wire_enums!(
    wire::OrganisationKind => "ORGANISATION_KIND_",
    wire::MemberRole => "MEMBER_ROLE_",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_or_role_of_the_contract_is_lost_on_the_way() {
        for (path, rule) in onward_contract::rules() {
            let ours = rule_of(rule);
            assert_eq!(ours.kinds.len(), rule.kinds.len(), "kinds of {path}");
            assert_eq!(ours.roles.len(), rule.roles.len(), "roles of {path}");
            assert_eq!(ours.relations.len(), rule.relations.len(), "relations of {path}");
        }
    }
}
