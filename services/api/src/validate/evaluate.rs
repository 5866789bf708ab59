//! Walks a decoded message along the compiled rules and lists what is wrong.

use std::collections::HashSet;

use onward_domain::decider::FieldFault;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage, Value};

use super::compile::{Check, FieldRules, number};
use super::{MOST_FAULTS, Validator, fault};

pub(super) fn message(
    validator: &Validator,
    message: &DynamicMessage,
    prefix: &str,
    faults: &mut Vec<FieldFault>,
) {
    // An answer lists so many and no more; a list of a hundred thousand empty messages costs no more.
    if faults.len() >= MOST_FAULTS {
        return;
    }
    let descriptor = message.descriptor();
    if let Some(rules) = validator.rules(descriptor.full_name()) {
        for rule in &rules.fields {
            if let Some(field) = descriptor.get_field_by_name(&rule.name) {
                one_field(message, &field, rule, prefix, faults);
            }
        }
        for name in &rules.oneofs {
            let filled = descriptor
                .oneofs()
                .filter(|oneof| oneof.name() == name)
                .any(|oneof| oneof.fields().any(|field| message.has_field(&field)));
            if !filled {
                faults.push(fault(&join(prefix, name), "one of its fields must be given"));
            }
        }
    }
    for (field, value) in message.fields() {
        nested(validator, &join(prefix, field.name()), value, faults);
    }
}

fn nested(validator: &Validator, path: &str, value: &Value, faults: &mut Vec<FieldFault>) {
    match value {
        Value::Message(inner) => message(validator, inner, path, faults),
        Value::List(list) => {
            for (index, item) in list.iter().enumerate() {
                nested(validator, &format!("{path}[{index}]"), item, faults);
            }
        }
        _ => {}
    }
}

fn one_field(
    message: &DynamicMessage,
    field: &FieldDescriptor,
    rule: &FieldRules,
    prefix: &str,
    faults: &mut Vec<FieldFault>,
) {
    let path = join(prefix, &rule.name);
    if !message.has_field(field) {
        if rule.required {
            faults.push(fault(&path, "must be given"));
            return;
        }
        // A member of a oneof, a message or an optional field that is absent has nothing to check;
        // a plain field that is absent has its zero value, and that is checked.
        if field.supports_presence() || rule.ignore_zero {
            return;
        }
    }
    let value = message.get_field(field);
    for check in &rule.checks {
        if let Some(text) = apply(check, field, &value, &path, faults) {
            faults.push(fault(&path, text));
            // One sentence a field is enough: "must be given" and "must be a UUID" say the same.
            break;
        }
    }
}

/// The sentence that says what is wrong, if something is. Faults of list items are pushed directly.
fn apply(
    check: &Check,
    field: &FieldDescriptor,
    value: &Value,
    path: &str,
    faults: &mut Vec<FieldFault>,
) -> Option<String> {
    match (check, value) {
        (Check::Items(checks), Value::List(list)) => {
            let wrong = list.iter().enumerate().filter_map(|(index, item)| {
                let text = checks.iter().find_map(|check| single(check, field, item))?;
                Some(fault(&format!("{path}[{index}]"), text))
            });
            faults.extend(wrong.take(MOST_FAULTS));
            None
        }
        (Check::MinItems(least), Value::List(list)) => ((list.len() as u64) < *least)
            .then(|| format!("must have at least {least} {}", plural(*least, "entry", "entries"))),
        (Check::MaxItems(most), Value::List(list)) => {
            (list.len() as u64 > *most).then(|| too_many(*most))
        }
        (Check::MaxItems(most), Value::Map(map)) => {
            (map.len() as u64 > *most).then(|| too_many(*most))
        }
        (Check::Unique, Value::List(list)) => {
            let mut seen = HashSet::new();
            let repeats = !list.iter().all(|item| seen.insert(item.to_string()));
            repeats.then(|| "must not name the same entry twice".to_owned())
        }
        _ => single(check, field, value),
    }
}

fn single(check: &Check, field: &FieldDescriptor, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => of_text(check, text),
        Value::Bytes(bytes) => of_bytes(check, bytes.len() as u64),
        Value::EnumNumber(_) => of_enum(check, field, value),
        _ => number(value).and_then(|number| of_number(check, number)),
    }
}

fn of_text(check: &Check, text: &str) -> Option<String> {
    let length = text.chars().count() as u64;
    let wrong = match check {
        Check::MinLen(least) if length < *least => {
            if length == 0 {
                "must be given".to_owned()
            } else {
                format!("must have at least {least} characters")
            }
        }
        Check::MaxLen(most) if length > *most => format!("must have at most {most} characters"),
        Check::Uuid if text.is_empty() => "must be given, as a UUID".to_owned(),
        Check::Uuid if text.len() != 36 || uuid::Uuid::try_parse(text).is_err() => {
            "must be a UUID of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".to_owned()
        }
        Check::Pattern(pattern) if !pattern.is_match(text) => {
            format!("must have the form {}", pattern.as_str())
        }
        Check::InText(allowed) if !allowed.iter().any(|one| one == text) => {
            format!("must be one of {}", allowed.join(", "))
        }
        _ => return None,
    };
    Some(wrong)
}

fn of_bytes(check: &Check, length: u64) -> Option<String> {
    match check {
        Check::MinBytes(least) if length < *least => {
            Some(format!("must have at least {least} bytes"))
        }
        Check::MaxBytes(most) if length > *most => Some(format!("must have at most {most} bytes")),
        _ => None,
    }
}

fn of_enum(check: &Check, field: &FieldDescriptor, value: &Value) -> Option<String> {
    let number = value.as_enum_number()?;
    match check {
        Check::Defined => {
            let Kind::Enum(descriptor) = field.kind() else { return None };
            let known = descriptor.get_value(number).is_some();
            (!known).then(|| "must be one of the values of the contract".to_owned())
        }
        Check::NotIn(refused) if refused.contains(&i64::from(number)) => {
            Some(if number == 0 { "must be given" } else { "must not have this value" }.to_owned())
        }
        Check::In(allowed) if !allowed.contains(&i64::from(number)) => {
            Some("must not have this value".to_owned())
        }
        _ => None,
    }
}

fn of_number(check: &Check, number: i128) -> Option<String> {
    match check {
        Check::AtLeast(least) if number < *least => Some(format!("must be at least {least}")),
        Check::AtMost(most) if number > *most => Some(format!("must be at most {most}")),
        _ => None,
    }
}

fn too_many(most: u64) -> String {
    format!("must have at most {most} {}", plural(most, "entry", "entries"))
}

fn plural<'a>(count: u64, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}
