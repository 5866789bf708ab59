//! Walks a decoded message along the compiled rules and lists what is wrong.

use std::collections::HashSet;
use std::fmt;

use onward_domain::decider::FieldFault;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage, Value};

use super::compile::{Check, FieldRules, number};
use super::{MOST_FAULTS, Validator, fault};

/// Where in the request a field is: spelt only where something is wrong.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    /// The request itself.
    Root,
    /// A field of what is at the path before.
    Field(&'a Path<'a>, &'a str),
    /// An item of a list.
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Self::Root, name) => f.write_str(name),
            Self::Field(before, name) => write!(f, "{before}.{name}"),
            Self::Item(before, index) => write!(f, "{before}[{index}]"),
        }
    }
}

pub(super) fn message(
    validator: &Validator,
    message: &DynamicMessage,
    path: Path<'_>,
    faults: &mut Vec<FieldFault>,
) {
    // An answer lists so many and no more; a list of a hundred thousand empty messages costs no more.
    if faults.len() >= MOST_FAULTS {
        return;
    }
    if let Some(rules) = validator.rules(message.descriptor().full_name()) {
        for rule in &rules.fields {
            one_field(message, rule, Path::Field(&path, rule.field.name()), faults);
        }
        for oneof in &rules.oneofs {
            if !oneof.fields().any(|field| message.has_field(&field)) {
                let path = Path::Field(&path, oneof.name());
                faults.push(fault(path, "one of its fields must be given"));
            }
        }
    }
    for (field, value) in message.fields() {
        nested(validator, Path::Field(&path, field.name()), value, faults);
    }
}

fn nested(validator: &Validator, path: Path<'_>, value: &Value, faults: &mut Vec<FieldFault>) {
    match value {
        Value::Message(inner) => message(validator, inner, path, faults),
        Value::List(list) => {
            for (index, item) in list.iter().enumerate() {
                nested(validator, Path::Item(&path, index), item, faults);
            }
        }
        _ => {}
    }
}

fn one_field(
    message: &DynamicMessage,
    rule: &FieldRules,
    path: Path<'_>,
    faults: &mut Vec<FieldFault>,
) {
    let field = &rule.field;
    if !message.has_field(field) {
        if rule.required {
            faults.push(fault(path, "must be given"));
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
        if let Some(text) = apply(check, field, &value, path, faults) {
            faults.push(fault(path, text));
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
    path: Path<'_>,
    faults: &mut Vec<FieldFault>,
) -> Option<String> {
    match (check, value) {
        (Check::Items(checks), Value::List(list)) => {
            let wrong = list.iter().enumerate().filter_map(|(index, item)| {
                let text = checks.iter().find_map(|check| single(check, field, item))?;
                Some(fault(Path::Item(&path, index), text))
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
        Check::MinLen(least) if length < *least || !text.chars().any(is_seen) => {
            if !text.chars().any(is_seen) {
                "must be given".to_owned()
            } else {
                format!("must have at least {least} characters")
            }
        }
        Check::MaxLen(most) if length > *most => format!("must have at most {most} characters"),
        Check::MaxLen(most) if text.chars().any(|one| is_unfit(one, *most >= LINES)) => {
            "must not have control or direction characters in it".to_owned()
        }
        Check::Uuid if text.is_empty() => "must be given, as a UUID".to_owned(),
        Check::Uuid if text.len() != 36 || uuid::Uuid::try_parse(text).is_err() => {
            "must be a UUID of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".to_owned()
        }
        Check::Uuid if uuid::Uuid::try_parse(text).is_ok_and(|id| id.is_nil()) => {
            "must not be the UUID of noughts".to_owned()
        }
        Check::Pattern(pattern) if !pattern.is_match(text) => form(pattern.as_str()),
        Check::InText(allowed) if !allowed.iter().any(|one| one == text) => {
            format!("must be one of {}", allowed.join(", "))
        }
        _ => return None,
    };
    Some(wrong)
}

/// The most characters of a text that is one line: a name, a reference, a code. Longer ones are prose.
const LINES: u64 = 500;

/// Characters that no text needs and that would be acted on where it is shown, or that a database cannot
/// hold: control characters (a prose may have line breaks and tabs), and overrides of the direction.
fn is_unfit(one: char, prose: bool) -> bool {
    let layout = matches!(one, '\n' | '\r' | '\t');
    (one.is_control() && !(prose && layout))
        || matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a reader would see anything of it.
fn is_seen(one: char) -> bool {
    !one.is_whitespace()
        && !matches!(one, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// What a pattern of the contract asks for, in words.
fn form(pattern: &str) -> String {
    let words = match pattern {
        "^([0-9]{20})?$" | "^[0-9]{20}$" => "must be a position as a receipt gives it: 20 digits",
        "^[a-z0-9][a-z0-9-]{0,63}$" => {
            "must be lower-case letters, digits and hyphens, at most 64, no hyphen first"
        }
        "^(|E1|E2|N1|N2|R|[1-9]|1[0-4]|X)$" => {
            "must be a national curriculum year: E1, E2, N1, N2, R, 1 to 14, or X"
        }
        "^([0-9]{3})?$" | "^[0-9]{3}$" => "must be a local authority's code: 3 digits",
        "^20[0-9]{2}/[0-9]{2}$" | "^(20[0-9]{2}/[0-9]{2})?$" => {
            "must be an academic year such as 2026/27"
        }
        other => return format!("must have the form {other}"),
    };
    words.to_owned()
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
