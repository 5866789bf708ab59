//! What a field may hold: for every field of every request, something that it may not, named by its path.

use std::collections::BTreeSet;

use onward_contract::access::v1::{MemberRole, OrganisationKind};
use onward_contract::reason;
use onward_tests::actors::Member;
use onward_tests::builders::nobodys_id;
use onward_tests::expect::{face, faulty_fields, reason_of};
use onward_tests::world::{House, World};
use prost::Message;
use prost_reflect::{FieldDescriptor, Kind, Value};
use tonic::{Code, Status};

use super::samples::{Rules, Way, set, spelt, valid, ways};
use super::{Method, raw};

on_both_databases!(a_faulty_field_is_named_and_leaves_nothing_behind,);

/// A word that no refusal may repeat.
const SAID: &str = "Zebedee";

/// One caller whom each method lets in.
struct Callers {
    school: Member,
    team: Member,
    operator: Member,
}

impl Callers {
    async fn of(world: &World) -> anyhow::Result<Self> {
        let school = [MemberRole::Senco, MemberRole::Leadership, MemberRole::Admin];
        let team = [MemberRole::Supervisor, MemberRole::Triage, MemberRole::Clinician];
        Ok(Self {
            school: world.member(House::Secondary, &school).await?,
            team: world.member(House::London, &team).await?,
            operator: world.operator().0,
        })
    }

    fn for_method(&self, method: &Method) -> &Member {
        if method.admits_kind(OrganisationKind::School) {
            &self.school
        } else if method.admits_kind(OrganisationKind::Pathfinder) {
            &self.team
        } else {
            &self.operator
        }
    }
}

async fn a_faulty_field_is_named_and_leaves_nothing_behind(world: &World) -> anyhow::Result<()> {
    let callers = Callers::of(world).await?;
    let head = world.operator().head().await?;
    let mut tried = 0;
    for method in Method::all() {
        if method.descriptor.is_client_streaming() {
            continue; // A result for each: their items are the requests of the unary methods.
        }
        let caller = callers.for_method(&method);
        for (way, value) in faults(&method) {
            let ids = |_: &str| nobodys_id();
            let mut message = valid(&method.descriptor.input(), &ids);
            set(&mut message, &way, value, &ids);
            let answer = raw::call(caller, &method, message.encode_to_vec()).await;
            judge(&method, &way, answer);
            tried += 1;
        }
    }
    assert!(tried > 400, "{tried} faults were tried");
    assert_eq!(world.operator().head().await?, head, "no fault leaves a row behind");
    assert!(!world.program_log().contains(SAID), "nor a word");
    Ok(())
}

fn judge(method: &Method, way: &Way, answer: Result<Vec<u8>, Status>) {
    let place = format!("{} {}", method.path, spelt(way));
    let status = answer.expect_err(&place);
    let told = (status.code(), reason_of(&status));
    let reasons = [reason::INVALID_FIELD, reason::INVALID_PAGE_TOKEN, reason::INVALID_POSITION];
    assert_eq!(told.0, Code::InvalidArgument, "{place}: {}", status.message());
    assert!(reasons.contains(&told.1.as_str()), "{place}: {}", told.1);
    let named: BTreeSet<String> = faulty_fields(&status)
        .into_iter()
        .map(|path| path.trim_end_matches("[0]").to_owned())
        .collect();
    assert!(named.contains(&spelt(way)), "{place}: {named:?}");
    assert!(!format!("{:?}", face(&status)).contains(SAID), "{place} repeats what was said");
}

/// For each field that has a rule, a value that breaks it.
fn faults(method: &Method) -> Vec<(Way, Value)> {
    let input = method.descriptor.input();
    let with_rules = ways(&input, &|field, rules| breaking(field, rules).is_some());
    with_rules
        .into_iter()
        .filter_map(|way| {
            let field = way.last()?;
            let value = breaking(field, &Rules::of(field))?;
            Some((way, value))
        })
        .collect()
}

fn breaking(field: &FieldDescriptor, rules: &Rules) -> Option<Value> {
    let items;
    let rules = if field.is_list() {
        items = rules.items();
        &items
    } else {
        rules
    };
    match field.kind() {
        Kind::String if rules.uuid() => Some(Value::String(SAID.to_owned())),
        Kind::String => {
            if let Some(most) = rules.number("string", "max_len") {
                let most = usize::try_from(most).ok()?;
                return Some(Value::String(format!("{SAID}{}", "ä".repeat(most))));
            }
            let shaped = rules.get("string", "pattern").or(rules.get("string", "in"));
            shaped.map(|_| Value::String(format!("{SAID}?")))
        }
        Kind::Enum(_) => rules.get("enum", "defined_only").map(|_| Value::EnumNumber(9999)),
        Kind::Int32 => {
            let most = rules.number("int32", "lte").map(|most| most + 1);
            let least = rules.number("int32", "gte").map(|least| least - 1);
            most.or(least).and_then(|number| i32::try_from(number).ok()).map(Value::I32)
        }
        Kind::Uint32 => {
            let most = rules.number("uint32", "lte")?;
            u32::try_from(most + 1).ok().map(Value::U32)
        }
        _ => None,
    }
}
