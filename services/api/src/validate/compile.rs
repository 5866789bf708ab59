//! Turns the `buf.validate` options of a descriptor into rules that can be evaluated quickly.

use prost_reflect::{
    DynamicMessage, ExtensionDescriptor, FieldDescriptor, MessageDescriptor, OneofDescriptor, Value,
};
use regex::Regex;

/// A rule of the contract that cannot be evaluated.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{place}: the rule `{rule}` is not known to the validator")]
pub struct CompileFault {
    place: String,
    rule: String,
}

/// Rules of one message.
pub(super) struct MessageRules {
    pub(super) fields: Vec<FieldRules>,
    /// Of which one field must be given.
    pub(super) oneofs: Vec<OneofDescriptor>,
}

/// Rules of one field.
pub(super) struct FieldRules {
    pub(super) field: FieldDescriptor,
    pub(super) required: bool,
    pub(super) ignore_zero: bool,
    pub(super) checks: Vec<Check>,
}

/// One thing that a value must be.
#[derive(Debug, Clone)]
pub(super) enum Check {
    MinLen(u64),
    MaxLen(u64),
    MinBytes(u64),
    MaxBytes(u64),
    Uuid,
    Pattern(Regex),
    Defined,
    NotIn(Vec<i64>),
    In(Vec<i64>),
    InText(Vec<String>),
    AtLeast(i128),
    AtMost(i128),
    MinItems(u64),
    MaxItems(u64),
    Unique,
    Items(Vec<Check>),
}

pub(super) fn message(descriptor: &MessageDescriptor) -> Result<MessageRules, CompileFault> {
    let pool = descriptor.parent_pool();
    let field_rules = pool.get_extension_by_name("buf.validate.field");
    let oneof_rules = pool.get_extension_by_name("buf.validate.oneof");
    let message_rules = pool.get_extension_by_name("buf.validate.message");
    if let Some(extension) = message_rules
        && descriptor.options().has_extension(&extension)
    {
        return Err(unknown(descriptor.full_name(), "message"));
    }
    let mut fields = Vec::new();
    for field in descriptor.fields() {
        let rules =
            field_rules.as_ref().map(|extension| rules_of(&field, extension)).transpose()?;
        fields.extend(rules.flatten());
    }
    let oneofs = descriptor
        .oneofs()
        .filter(|oneof| !oneof.is_synthetic())
        .filter(|oneof| {
            oneof_rules.as_ref().is_some_and(|extension| {
                flag(&oneof.options().get_extension(extension), "required")
            })
        })
        .collect();
    Ok(MessageRules { fields, oneofs })
}

fn rules_of(
    field: &FieldDescriptor,
    extension: &ExtensionDescriptor,
) -> Result<Option<FieldRules>, CompileFault> {
    let options = field.options();
    if !options.has_extension(extension) {
        return Ok(None);
    }
    let value = options.get_extension(extension);
    let Some(rules) = value.as_message() else { return Ok(None) };
    let mut compiled = FieldRules {
        field: field.clone(),
        required: false,
        ignore_zero: false,
        checks: Vec::new(),
    };
    for (part, value) in rules.fields() {
        match part.name() {
            "required" => compiled.required = value.as_bool().unwrap_or(false),
            // 1 is IGNORE_IF_ZERO_VALUE.
            "ignore" => compiled.ignore_zero = value.as_enum_number() == Some(1),
            kind => {
                let inner = value.as_message().ok_or_else(|| unknown(field.full_name(), kind))?;
                compiled.checks.extend(checks(field.full_name(), kind, inner)?);
            }
        }
    }
    Ok(Some(compiled))
}

fn checks(place: &str, kind: &str, rules: &DynamicMessage) -> Result<Vec<Check>, CompileFault> {
    rules
        .fields()
        .map(|(rule, value)| {
            check(place, kind, rule.name(), value)
                .ok_or_else(|| unknown(place, &format!("{kind}.{}", rule.name())))
        })
        .collect()
}

fn check(place: &str, kind: &str, rule: &str, value: &Value) -> Option<Check> {
    match (kind, rule) {
        ("string", "len" | "min_len" | "max_len" | "uuid" | "pattern" | "in") => text(rule, value),
        ("bytes", "min_len") => value.as_u64().map(Check::MinBytes),
        ("bytes", "max_len") => value.as_u64().map(Check::MaxBytes),
        ("enum", "defined_only") => value.as_bool().filter(|on| *on).map(|_| Check::Defined),
        ("enum", "not_in") => numbers(value).map(Check::NotIn),
        ("enum", "in") => numbers(value).map(Check::In),
        ("int32" | "int64" | "uint32" | "uint64" | "sint32" | "sint64", _) => range(rule, value),
        ("repeated", "min_items") => value.as_u64().map(Check::MinItems),
        ("repeated", "max_items") => value.as_u64().map(Check::MaxItems),
        ("repeated", "unique") => value.as_bool().filter(|on| *on).map(|_| Check::Unique),
        ("repeated", "items") => items(place, value),
        ("map", "max_pairs") => value.as_u64().map(Check::MaxItems),
        _ => None,
    }
}

fn text(rule: &str, value: &Value) -> Option<Check> {
    match rule {
        "min_len" => value.as_u64().map(Check::MinLen),
        "max_len" => value.as_u64().map(Check::MaxLen),
        "uuid" => value.as_bool().filter(|on| *on).map(|_| Check::Uuid),
        "pattern" => value.as_str().and_then(|text| Regex::new(text).ok()).map(Check::Pattern),
        "in" => value
            .as_list()
            .map(|list| list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect())
            .map(Check::InText),
        _ => None,
    }
}

fn range(rule: &str, value: &Value) -> Option<Check> {
    let bound = number(value)?;
    match rule {
        "gte" => Some(Check::AtLeast(bound)),
        "gt" => Some(Check::AtLeast(bound + 1)),
        "lte" => Some(Check::AtMost(bound)),
        "lt" => Some(Check::AtMost(bound - 1)),
        _ => None,
    }
}

fn items(place: &str, value: &Value) -> Option<Check> {
    let rules = value.as_message()?;
    let mut all = Vec::new();
    for (part, inner) in rules.fields() {
        all.extend(checks(place, part.name(), inner.as_message()?).ok()?);
    }
    Some(Check::Items(all))
}

pub(super) fn number(value: &Value) -> Option<i128> {
    match value {
        Value::I32(n) | Value::EnumNumber(n) => Some(i128::from(*n)),
        Value::I64(n) => Some(i128::from(*n)),
        Value::U32(n) => Some(i128::from(*n)),
        Value::U64(n) => Some(i128::from(*n)),
        _ => None,
    }
}

fn numbers(value: &Value) -> Option<Vec<i64>> {
    let list = value.as_list()?;
    Some(list.iter().filter_map(|v| number(v).and_then(|n| i64::try_from(n).ok())).collect())
}

fn flag(value: &Value, name: &str) -> bool {
    value
        .as_message()
        .and_then(|message| message.get_field_by_name(name).and_then(|v| v.as_bool()))
        .unwrap_or(false)
}

fn unknown(place: &str, rule: &str) -> CompileFault {
    CompileFault { place: place.to_owned(), rule: rule.to_owned() }
}
