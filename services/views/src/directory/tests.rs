//! Given an organisation or a member, when something is recorded, then this is what the directory says.

use jiff::civil::date;
use onward_domain::codes::role::MemberRole;
use onward_domain::codes::setting::OrganisationKind;
use onward_domain::organisation::{
    MemberAdded, MemberRemoved, OrganisationFact, OrganisationNumber, OrganisationNumberKind,
    OrganisationRegistered,
};

use super::{Directory, Rows};
use crate::engine::fold::View as _;
use crate::engine::number::of_day;
use crate::engine::table::Stored as _;
use crate::engine::value::Value;
use crate::given::{at, id, registered, when};

const SCHOOL: u128 = 0xa0;
const MEMBER: u128 = 0xb1;

fn school() -> OrganisationFact {
    let urn = OrganisationNumber { kind: OrganisationNumberKind::Urn, value: "100000".to_owned() };
    OrganisationFact::Registered(OrganisationRegistered {
        organisation: id(SCHOOL),
        kind: OrganisationKind::School,
        name: "St Ébbe's Primary".to_owned(),
        numbers: vec![urn.clone(), urn],
        phase: None,
        low_age: Some(4),
        high_age: Some(11),
        open_from: Some(date(2001, 9, 1)),
        open_to: None,
        go_live: None,
        holiday_contact: Some("Planted Person, 07700 900123".to_owned()),
        successor_of: None,
    })
}

fn member() -> OrganisationFact {
    OrganisationFact::MemberAdded(MemberAdded {
        member: id(MEMBER),
        organisation: id(SCHOOL),
        issuer: "https://planted.example".to_owned(),
        subject: "planted-subject".to_owned(),
        name: "Planted Member".to_owned(),
        roles: vec![MemberRole::Senco, MemberRole::Dsl],
        from: None,
        until: Some(date(2027, 7, 31)),
        deputy: None,
    })
}

#[test]
fn an_organisation_is_there_with_its_numbers_once() {
    let mut rows = Rows::default();
    assert_eq!(when::<Directory>(&mut rows, &[at(1, SCHOOL, 1, SCHOOL, school())]), Ok(()));
    assert_eq!(rows.organisations[0].name_key, "st ébbe's primary");
    assert_eq!(rows.organisations[0].open_from, Some(of_day(date(2001, 9, 1))));
    assert_eq!(rows.numbers.len(), 1);
}

#[test]
fn a_member_is_there_until_removed() {
    let mut rows = Rows::default();
    assert_eq!(when::<Directory>(&mut rows, &[at(1, MEMBER, 1, SCHOOL, member())]), Ok(()));
    assert_eq!(rows.members[0].roles, ",SENCO,DSL,");
    assert_eq!(rows.members[0].removed_at, None);
    let removed = OrganisationFact::MemberRemoved(MemberRemoved {
        member: id(MEMBER),
        organisation: id(SCHOOL),
    });
    assert_eq!(when::<Directory>(&mut rows, &[at(2, MEMBER, 2, SCHOOL, removed)]), Ok(()));
    assert!(rows.members[0].removed_at.is_some());
}

#[test]
fn no_row_holds_who_a_person_is() {
    let mut rows = Rows::default();
    let events = [at(1, SCHOOL, 1, SCHOOL, school()), at(2, MEMBER, 1, SCHOOL, member())];
    assert_eq!(when::<Directory>(&mut rows, &events), Ok(()));
    let mut values: Vec<Value> = rows.organisations.iter().flat_map(|row| row.values()).collect();
    values.extend(rows.members.iter().flat_map(|row| row.values()));
    values.extend(rows.said.iter().flat_map(|row| row.values()));
    for value in values {
        let text = match value {
            Value::Text(Some(text)) => text,
            Value::Bytes(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => continue,
        };
        assert!(!text.to_lowercase().contains("planted"), "{text}");
    }
}

#[test]
fn learners_do_not_concern_it() {
    let (recorded, _) = at(1, 0x1, 1, SCHOOL, registered(0x1));
    assert_eq!(Directory::group(&recorded), None);
}
