//! The cut between what is public and what is sealed, by field number, on the wire itself: one pass
//! over the tags, nothing is decoded twice.

use std::sync::LazyLock;

use prost_reflect::{MessageDescriptor, Value};

use super::{DecodeError, Kind};

/// Full name of the field option that marks a public field.
const OPTION: &str = "onward.event.v1.public";

/// Field numbers of one type as bit sets; numbers of the schema are below 64.
#[derive(Clone, Copy, Default)]
struct Sides {
    public: u64,
    sealed: u64,
}

/// One entry a type, in the order of [`Kind::ALL`], read once from the schema.
static SIDES: LazyLock<Vec<Sides>> =
    LazyLock::new(|| Kind::ALL.iter().map(|kind| sides(*kind)).collect());

/// The message of a type in the schema.
pub(super) fn descriptor(kind: Kind) -> Option<MessageDescriptor> {
    onward_contract::pool().get_message_by_name(kind.message())
}

fn sides(kind: Kind) -> Sides {
    // A type that the schema lacks, or a number beyond the set, would be sealed whole: never the
    // other way round. A test holds that neither exists.
    let Some(message) = descriptor(kind) else { return Sides::default() };
    let mut sides = Sides::default();
    for field in message.fields() {
        let side = if is_public(&field) { &mut sides.public } else { &mut sides.sealed };
        *side |= bit(field.number());
    }
    sides
}

/// Whether the schema marks a field public.
pub(super) fn is_public(field: &prost_reflect::FieldDescriptor) -> bool {
    let Some(option) = onward_contract::pool().get_extension_by_name(OPTION) else { return false };
    matches!(*field.options().get_extension(&option), Value::Bool(true))
}

/// Names of the public fields of a type, in the order of their numbers.
pub fn public_fields(kind: Kind) -> Vec<String> {
    let Some(message) = descriptor(kind) else { return Vec::new() };
    message.fields().filter(is_public).map(|field| field.name().to_owned()).collect()
}

const fn bit(number: u32) -> u64 {
    match 1_u64.checked_shl(number) {
        Some(bit) => bit,
        None => 0,
    }
}

/// Cuts a message into its public bytes and the rest.
pub(super) fn split(kind: Kind, bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let public_numbers = SIDES[kind as usize].public;
    let mut public = Vec::with_capacity(bytes.len().min(256));
    let mut personal = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let Ok((number, length)) = field(rest) else {
            // Never with bytes that prost wrote; if ever, what cannot be read is sealed.
            personal.extend_from_slice(rest);
            break;
        };
        let (one, after) = rest.split_at(length);
        let side = if public_numbers & bit(number) != 0 { &mut public } else { &mut personal };
        side.extend_from_slice(one);
        rest = after;
    }
    (public, personal)
}

/// Refuses bytes that are no message, and fields on the wrong side: a sealed part cannot overwrite
/// what was published, and nothing sealed can have been stored in clear.
pub(super) fn check(kind: Kind, public: &[u8], personal: &[u8]) -> Result<(), DecodeError> {
    let sides = SIDES[kind as usize];
    for (bytes, foreign) in [(public, sides.sealed), (personal, sides.public)] {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (number, length) = field(rest)?;
            if foreign & bit(number) != 0 {
                return Err(DecodeError::Malformed);
            }
            rest = &rest[length..];
        }
    }
    Ok(())
}

/// Number and whole length, tag included, of the first field of `bytes`.
fn field(bytes: &[u8]) -> Result<(u32, usize), DecodeError> {
    let (tag, tag_length) = varint(bytes)?;
    let rest = &bytes[tag_length..];
    let value = match tag & 7 {
        0 => varint(rest)?.1,
        1 => 8,
        2 => {
            let (length, prefix) = varint(rest)?;
            let length = usize::try_from(length).map_err(|_| DecodeError::Malformed)?;
            prefix.checked_add(length).ok_or(DecodeError::Malformed)?
        }
        5 => 4,
        _ => return Err(DecodeError::Malformed),
    };
    let number = u32::try_from(tag >> 3).map_err(|_| DecodeError::Malformed)?;
    if number == 0 || value > rest.len() {
        return Err(DecodeError::Malformed);
    }
    Ok((number, tag_length + value))
}

/// A base-128 number and its length in bytes.
fn varint(bytes: &[u8]) -> Result<(u64, usize), DecodeError> {
    let mut value = 0_u64;
    for (place, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok((value, place + 1));
        }
    }
    Err(DecodeError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_measured_whole() {
        assert_eq!(field(&[0x08, 0x96, 0x01, 0xff]), Ok((1, 3)));
        assert_eq!(field(&[0x12, 0x02, b'o', b'k']), Ok((2, 4)));
        assert_eq!(field(&[0x1d, 0, 0, 0, 0]), Ok((3, 5)));
        assert_eq!(field(&[0x21, 0, 0, 0, 0, 0, 0, 0, 0]), Ok((4, 9)));
    }

    #[test]
    fn no_field_is_measured_beyond_its_bytes() {
        let faults: &[&[u8]] = &[
            &[],
            &[0x00, 0x01],
            &[0x08],
            &[0x08, 0x80],
            &[0x12, 0x02, b'o'],
            &[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            &[0x0b, 0x0c],
            &[0x1d, 0],
            &[0x80; 11],
        ];
        for bytes in faults {
            assert_eq!(field(bytes), Err(DecodeError::Malformed), "{bytes:02x?}");
        }
    }

    #[test]
    fn every_type_is_in_the_schema_with_numbers_that_fit() {
        for kind in Kind::ALL {
            let message = descriptor(*kind).expect("the type has a message");
            assert!(message.fields().all(|field| field.number() < 64), "{}", kind.message());
            let sides = sides(*kind);
            assert_ne!(sides.public, 0, "{}", kind.message());
            assert_eq!(sides.public & sides.sealed, 0);
        }
    }
}
