//! Make somebody a member of an organisation.

use std::collections::BTreeSet;

use super::{MemberAdded, MemberState, OrganisationFact};
use crate::codes::role::MemberRole;
use crate::codes::setting::OrganisationKind;
use crate::decider::{Faults, Outcome, Refusal};

/// Makes a person a member, with roles. One person may hold several.
#[derive(Clone)]
pub struct AddMember {
    /// All that is said about the membership.
    pub member: MemberAdded,
    /// Kind of the organisation, looked up before: only the operator has operators.
    pub organisation_kind: OrganisationKind,
}

impl AddMember {
    pub(super) fn decide(self, state: &MemberState) -> Result<Outcome<OrganisationFact>, Refusal> {
        if let Some(added) = &state.added {
            return if added.fact == self.member {
                Ok(Outcome::AlreadyDone(added.version))
            } else {
                Err(Refusal::Exists {
                    reason: "EXISTS_WITH_OTHER_CONTENT",
                    message: "a membership with this id exists with other particulars".to_owned(),
                    existing: Some(added.fact.member.uuid()),
                })
            };
        }
        check(&self.member)?;
        // An office that adds members must not be able to make itself the operator of the house.
        let operator = self.member.roles.contains(&MemberRole::Operator);
        if operator && self.organisation_kind != OrganisationKind::Operator {
            return Err(Refusal::Rule {
                reason: "ROLE_NOT_FOR_KIND",
                message: "only a member of the operator can have the role OPERATOR".to_owned(),
            });
        }
        Ok(Outcome::one(OrganisationFact::MemberAdded(self.member)))
    }
}

fn check(said: &MemberAdded) -> Result<(), Refusal> {
    let mut faults = Faults::default();
    faults.blank("issuer", &said.issuer);
    faults.blank("subject", &said.subject);
    faults.blank("name", &said.name);
    faults.unless(!said.roles.is_empty(), "roles", "is empty; a member needs at least one role");
    let distinct: BTreeSet<_> = said.roles.iter().collect();
    faults.unless(distinct.len() == said.roles.len(), "roles", "names a role twice");
    let days = said.from.zip(said.until);
    faults.unless(
        days.is_none_or(|(from, until)| from <= until),
        "until",
        "is before the first day",
    );
    faults.unless(said.deputy != Some(said.member), "deputy", "names the member itself");
    faults.finish()
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{Member, RemoveMember};
    use super::*;
    use crate::scenario::{given, id};
    use jiff::civil::date;

    pub(in super::super) fn senco() -> MemberAdded {
        MemberAdded {
            member: id(10),
            organisation: id(1),
            issuer: "https://sign-in.example".to_owned(),
            subject: "s-1".to_owned(),
            name: "Ms Example".to_owned(),
            roles: vec![MemberRole::Senco, MemberRole::Dsl],
            from: None,
            until: None,
            deputy: None,
        }
    }

    fn add(member: MemberAdded) -> AddMember {
        AddMember { member, organisation_kind: OrganisationKind::School }
    }

    #[test]
    fn a_member_is_added_once() {
        let nobody = given::<Member>(vec![]);
        nobody.when(add(senco())).then(vec![OrganisationFact::MemberAdded(senco())]);
        let member = nobody.and(add(senco()));
        member.when(add(senco())).then_already(1);
        let other = MemberAdded { roles: vec![MemberRole::Admin], ..senco() };
        member.when(add(other)).then_rule("EXISTS_WITH_OTHER_CONTENT");
    }

    #[test]
    fn a_membership_that_ended_does_not_come_back_under_its_id() {
        let removed = given::<Member>(vec![]).and(add(senco())).and(RemoveMember);
        removed
            .when(add(MemberAdded { name: "Other".to_owned(), ..senco() }))
            .then_rule("EXISTS_WITH_OTHER_CONTENT");
    }

    #[test]
    fn only_the_operator_has_operators() {
        let chief = MemberAdded { roles: vec![MemberRole::Operator], ..senco() };
        let nobody = given::<Member>(vec![]);
        nobody.when(add(chief.clone())).then_rule("ROLE_NOT_FOR_KIND");
        let at_home =
            AddMember { member: chief.clone(), organisation_kind: OrganisationKind::Operator };
        nobody.when(at_home).then(vec![OrganisationFact::MemberAdded(chief)]);
    }

    #[test]
    fn every_faulty_field_is_named() {
        let faulty = MemberAdded {
            issuer: String::new(),
            subject: " ".to_owned(),
            name: "\t".to_owned(),
            roles: vec![],
            from: Some(date(2026, 9, 1)),
            until: Some(date(2026, 8, 31)),
            deputy: Some(id(10)),
            ..senco()
        };
        given::<Member>(vec![])
            .when(add(faulty))
            .then_invalid(&["issuer", "subject", "name", "roles", "until", "deputy"]);
    }
}
