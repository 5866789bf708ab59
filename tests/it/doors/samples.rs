//! Messages made from their descriptors: valid ones by the rules of their fields, and the places in them
//! where an id stands.

use onward_tests::builders::nobodys_id;
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value,
};

/// Rules of one field, as `buf.validate` has them.
pub(super) struct Rules(Option<DynamicMessage>);

impl Rules {
    pub(super) fn of(field: &FieldDescriptor) -> Self {
        let option = onward_contract::pool().get_extension_by_name("buf.validate.field");
        let option = option.expect("vendored");
        let options = field.options();
        let found = options.has_extension(&option).then(|| options.get_extension(&option));
        Self(found.and_then(|value| value.as_message().cloned()))
    }

    pub(super) fn required(&self) -> bool {
        let required = self.0.as_ref().and_then(|rules| rules.get_field_by_name("required"));
        required.and_then(|value| value.as_bool()).unwrap_or_default()
    }

    /// A rule such as `string.uuid`; none where it is not set.
    pub(super) fn get(&self, kind: &str, rule: &str) -> Option<Value> {
        let rules = self.0.as_ref()?;
        let part = rules.descriptor().get_field_by_name(kind)?;
        if !rules.has_field(&part) {
            return None;
        }
        let part = rules.get_field(&part).into_owned();
        let part = part.as_message()?;
        let field = part.descriptor().get_field_by_name(rule)?;
        part.has_field(&field).then(|| part.get_field(&field).into_owned())
    }

    /// The rules of a list's items.
    pub(super) fn items(&self) -> Self {
        Self(self.get("repeated", "items").and_then(|value| value.as_message().cloned()))
    }

    pub(super) fn number(&self, kind: &str, rule: &str) -> Option<i64> {
        let value = self.get(kind, rule)?;
        value
            .as_i64()
            .or_else(|| value.as_i32().map(i64::from))
            .or_else(|| value.as_u32().map(i64::from))
            .or_else(|| value.as_u64().and_then(|number| i64::try_from(number).ok()))
    }

    pub(super) fn uuid(&self) -> bool {
        self.get("string", "uuid").and_then(|value| value.as_bool()).unwrap_or_default()
    }
}

/// Gives the id that a field of this name should hold.
pub(super) type Ids<'a> = &'a dyn Fn(&str) -> String;

/// A message whose fields keep to their rules.
pub(super) fn valid(descriptor: &MessageDescriptor, ids: Ids<'_>) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    match descriptor.full_name() {
        "google.type.Date" => {
            for (name, number) in [("year", 2026), ("month", 9), ("day", 1)] {
                message.set_field_by_name(name, Value::I32(number));
            }
            return message;
        }
        "onward.directory.v1.SettingRef" => {
            message.set_field_by_name("name", Value::String("Somewhere".to_owned()));
            return message;
        }
        // A change of nothing is refused.
        "onward.learner.v1.AmendLearnerRequest" => {
            let details = descriptor.get_field_by_name("details").expect("of the contract");
            let Kind::Message(inner) = details.kind() else { unreachable!("a message") };
            let mut change = DynamicMessage::new(inner);
            change.set_field_by_name("year_group", Value::String("7".to_owned()));
            message.set_field(&details, Value::Message(change));
        }
        _ => {}
    }
    for field in descriptor.fields() {
        if let Some(value) = wanted(&field, ids) {
            message.set_field(&field, value);
        }
    }
    message
}

/// The value of a field that has to be there; none for one that need not.
fn wanted(field: &FieldDescriptor, ids: Ids<'_>) -> Option<Value> {
    let rules = Rules::of(field);
    if let Some(oneof) = field.containing_oneof() {
        // Of a choice that has to be made, the first.
        let first = oneof.fields().next().is_some_and(|first| first == *field);
        return (first && !oneof.is_synthetic() && is_required(&oneof))
            .then(|| one(field, &rules, ids));
    }
    if field.is_list() {
        let least = rules.number("repeated", "min_items").unwrap_or_default();
        let items = (0..least).map(|_| one(field, &rules.items(), ids)).collect();
        return (least > 0).then_some(Value::List(items));
    }
    match field.kind() {
        Kind::Message(_) => rules.required().then(|| one(field, &rules, ids)),
        _ => Some(one(field, &rules, ids)),
    }
}

fn is_required(oneof: &prost_reflect::OneofDescriptor) -> bool {
    let option = onward_contract::pool().get_extension_by_name("buf.validate.oneof");
    let options = oneof.options();
    let rules = options.get_extension(&option.expect("vendored")).into_owned();
    let required = rules.as_message().and_then(|rules| rules.get_field_by_name("required"));
    required.and_then(|value| value.as_bool()).unwrap_or_default()
}

/// One value for a field, or for an item of its list.
fn one(field: &FieldDescriptor, rules: &Rules, ids: Ids<'_>) -> Value {
    match field.kind() {
        Kind::Message(inner) => Value::Message(valid(&inner, ids)),
        Kind::Enum(values) => Value::EnumNumber(first_named(&values, rules)),
        Kind::String if rules.uuid() => Value::String(ids(field.name())),
        Kind::String => Value::String(text(field.name(), rules)),
        Kind::Bool => Value::Bool(false),
        Kind::Uint32 => {
            let least = rules.number("uint32", "gte").unwrap_or_default();
            // What may be zero stays zero, whatever its least value otherwise.
            let least = if field.name() == "lease_seconds" { 0 } else { least };
            Value::U32(u32::try_from(least).unwrap_or_default())
        }
        Kind::Int32 => {
            let least = rules.number("int32", "gte").unwrap_or_default();
            Value::I32(i32::try_from(least).unwrap_or_default())
        }
        Kind::Uint64 => Value::U64(0),
        other => panic!("no sample for {other:?}"),
    }
}

fn first_named(values: &EnumDescriptor, rules: &Rules) -> i32 {
    let unspecified = rules.get("enum", "not_in").is_none();
    if unspecified {
        0
    } else {
        values.values().find(|value| value.number() > 0).map_or(0, |v| v.number())
    }
}

fn text(name: &str, rules: &Rules) -> String {
    match name {
        "queue_id" => "elsec-london",
        "position" if rules.get("string", "pattern").is_some() => "00000000000000000001",
        "academic_year" if rules.get("string", "pattern").is_some() => "2026/27",
        "from_la_code" | "la_code" => "302",
        "to_la_code" => "380",
        "code" => "SLCN",
        "provision_code" => "K",
        "upn" | "value" => "H801200001001",
        _ if rules.number("string", "min_len").is_some() => "Something",
        _ => "",
    }
    .to_owned()
}

/// One step of the way to a field: through a message, or into the first item of a list.
pub(super) type Way = Vec<FieldDescriptor>;

/// The ways to every field that `which` picks, through at most four messages.
pub(super) fn ways(
    descriptor: &MessageDescriptor,
    which: &dyn Fn(&FieldDescriptor, &Rules) -> bool,
) -> Vec<Way> {
    let mut found = Vec::new();
    gather(descriptor, &mut Vec::new(), which, &mut found);
    found
}

fn gather(
    descriptor: &MessageDescriptor,
    before: &mut Way,
    which: &dyn Fn(&FieldDescriptor, &Rules) -> bool,
    found: &mut Vec<Way>,
) {
    for field in descriptor.fields() {
        before.push(field.clone());
        if which(&field, &Rules::of(&field)) {
            found.push(before.clone());
        }
        if let Kind::Message(inner) = field.kind()
            && inner.full_name().starts_with("onward.")
            && before.len() < 5
        {
            gather(&inner, before, which, found);
        }
        before.pop();
    }
}

/// The way as a fault names it: `draft.pack.support[0].text`.
pub(super) fn spelt(way: &Way) -> String {
    let last = way.len() - 1;
    let names: Vec<String> = way
        .iter()
        .enumerate()
        .map(|(at, field)| {
            if field.is_list() && at < last {
                format!("{}[0]", field.name())
            } else {
                field.name().to_owned()
            }
        })
        .collect();
    names.join(".")
}

/// Sets the field at the end of a way, making what is missing on it.
pub(super) fn set(
    message: &mut DynamicMessage,
    way: &[FieldDescriptor],
    value: Value,
    ids: Ids<'_>,
) {
    let Some((field, rest)) = way.split_first() else { return };
    if rest.is_empty() {
        let value = if field.is_list() { Value::List(vec![value]) } else { value };
        message.set_field(field, value);
        return;
    }
    let Kind::Message(inner) = field.kind() else { return };
    let made = || valid(&inner, ids);
    let mut there = if message.has_field(field) {
        match message.get_field(field).into_owned() {
            Value::Message(inner) => inner,
            Value::List(mut list) if !list.is_empty() => match list.swap_remove(0) {
                Value::Message(inner) => inner,
                _ => made(),
            },
            _ => made(),
        }
    } else {
        made()
    };
    set(&mut there, rest, value, ids);
    let there = Value::Message(there);
    let there = if field.is_list() { Value::List(vec![there]) } else { there };
    message.set_field(field, there);
}

#[test]
fn a_sample_has_what_the_rules_ask_for() {
    let request = onward_contract::pool()
        .get_message_by_name("onward.handover.v1.CreateHandoverRequest")
        .expect("of the contract");
    let ids = |_: &str| nobodys_id();
    let sample = valid(&request, &ids);
    let draft = sample.get_field_by_name("draft").expect("a field").into_owned();
    assert!(draft.as_message().expect("a message").get_field_by_name("pack").is_some());
    let uuids = ways(&request, &|_, rules| rules.uuid());
    let spelt: Vec<String> = uuids.iter().map(spelt_of).collect();
    assert!(spelt.contains(&"draft.pack.support[0].item_id".to_owned()), "{spelt:?}");
}

#[cfg(test)]
fn spelt_of(way: &Way) -> String {
    spelt(way)
}
