//! Messages of the contract, filled by chance along their descriptors: what plain mutation of bytes does
//! not reach, because a UUID or an enum has to be right first.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use crate::marker::MARKER;
use crate::mutate::Dice;

/// Messages within messages, at most.
const DEEPEST: usize = 6;

/// Texts that mean something somewhere, and texts that nearly do.
const TEXTS: [&str; 22] = [
    "",
    " ",
    MARKER,
    "018f3b5a-7c1d-7e2f-8a9b-0c1d2e3f4a5b",
    "018F3B5A-7C1D-7E2F-8A9B-0C1D2E3F4A5B",
    "018f3b5a7c1d7e2f8a9b0c1d2e3f4a5b",
    "00000000000000000042",
    "09223372036854775808",
    "18446744073709551615",
    "A820432101001",
    "9434765919",
    "1234567890",
    "139701",
    "10007795",
    "330",
    "N2",
    "upn",
    "SW1A 1AA",
    "en-GB",
    "\u{0}\u{feff}\u{202e}é\u{301}",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿🏴󠁧󠁢󠁥󠁮󠁧󠁿🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "2026-09-01",
];

/// A message of this type; each field is absent once in three times.
pub fn random(dice: &mut Dice, descriptor: &MessageDescriptor) -> DynamicMessage {
    fill(dice, descriptor, 0)
}

fn fill(dice: &mut Dice, descriptor: &MessageDescriptor, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        // Near the root more is filled: a request without its ids is refused before anything is read.
        if dice.once_in(3 + 3 * usize::from(depth == 0)) {
            continue;
        }
        if let Some(value) = of_field(dice, &field, depth) {
            message.set_field(&field, value);
        }
    }
    message
}

fn of_field(dice: &mut Dice, field: &FieldDescriptor, depth: usize) -> Option<Value> {
    if field.is_map() {
        return None;
    }
    if field.is_list() {
        let longest = if dice.once_in(40) { 300 } else { 4 };
        let items = (0..dice.below(longest)).map_while(|_| single(dice, field, depth));
        return Some(Value::List(items.collect()));
    }
    single(dice, field, depth)
}

fn single(dice: &mut Dice, field: &FieldDescriptor, depth: usize) -> Option<Value> {
    let number = number(dice);
    Some(match field.kind() {
        Kind::Message(_) if depth == DEEPEST => return None,
        Kind::Message(inner) => Value::Message(fill(dice, &inner, depth + 1)),
        Kind::String => Value::String(text(dice, field.name())),
        Kind::Bytes => Value::Bytes(vec![0xa5; dice.below(80)].into()),
        Kind::Bool => Value::Bool(dice.once_in(2)),
        Kind::Double => Value::F64(f64::NAN),
        Kind::Float => Value::F32(f32::INFINITY),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(narrow(number)),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(narrow(number).cast_unsigned()),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(number.cast_unsigned()),
        Kind::Enum(known) => {
            let values: Vec<i32> = known.values().map(|value| value.number()).collect();
            let one = values.get(dice.below(values.len())).copied().unwrap_or_default();
            Value::EnumNumber(if dice.once_in(12) { narrow(number) } else { one })
        }
    })
}

/// Numbers at edges of types and of the calendar, and small ones.
fn number(dice: &mut Dice) -> i64 {
    const EDGES: [i64; 12] = [
        0,
        -1,
        i64::MAX,
        i64::MIN,
        i32::MAX as i64,
        i32::MIN as i64,
        29,
        31,
        2026,
        9999,
        1900,
        400,
    ];
    if dice.once_in(2) { EDGES[dice.below(EDGES.len())] } else { dice.below(13) as i64 }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "which of the numbers it becomes is all the same"
)]
fn narrow(number: i64) -> i32 {
    number as i32
}

fn text(dice: &mut Dice, field: &str) -> String {
    let id = field == "request_id" || field.ends_with("_id") || field.ends_with("_ids");
    if id && !dice.once_in(8) {
        return TEXTS[3].to_owned();
    }
    let one = TEXTS[dice.below(TEXTS.len())];
    if dice.once_in(30) { one.repeat(2_000) } else { one.to_owned() }
}
