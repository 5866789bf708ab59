//! Which encoding a file is in, and how its bytes become UTF-8.

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{Declaration, HEAD};

/// CR LF and lone CR become LF. `after_return`: the text before ended with a CR, which is already out.
pub(super) fn unify_line_ends(text: &mut Vec<u8>, mut after_return: bool) {
    if !after_return && !text.contains(&b'\r') {
        return;
    }
    text.retain_mut(|byte| {
        let second_half = after_return && *byte == b'\n';
        after_return = *byte == b'\r';
        if after_return {
            *byte = b'\n';
        }
        !second_half
    });
}

/// The encoding, and the length of the byte order mark. None: a declared encoding is not known.
pub(super) fn detect(head: &[u8], declaration: Declaration) -> Option<(&'static Encoding, usize)> {
    match head {
        [0xEF, 0xBB, 0xBF, ..] => return Some((UTF_8, 3)),
        [0xFE, 0xFF, ..] => return Some((UTF_16BE, 2)),
        [0xFF, 0xFE, ..] => return Some((UTF_16LE, 2)),
        [0, b'<', 0, b'?', ..] => return Some((UTF_16BE, 0)),
        [b'<', 0, b'?', 0, ..] => return Some((UTF_16LE, 0)),
        _ => {}
    }
    let label = match declaration {
        Declaration::Xml => declared(head),
        Declaration::None => None,
    };
    match label {
        None => Some((UTF_8, 0)),
        Some(label) => {
            let encoding = Encoding::for_label_no_replacement(label)?;
            // The declaration was readable as ASCII, so a declared UTF-16 cannot be true.
            Some((if encoding.is_ascii_compatible() { encoding } else { UTF_8 }, 0))
        }
    }
}

/// The value of `encoding="…"` in an XML declaration.
fn declared(head: &[u8]) -> Option<&[u8]> {
    let rest = head.strip_prefix(b"<?xml")?;
    let end = rest.windows(2).position(|pair| pair == b"?>")?;
    let rest = &rest[..end];
    let at = rest.windows(8).position(|word| word == b"encoding")?;
    let rest = rest[at + 8..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, rest) = rest.split_first()?;
    let end = rest.iter().position(|byte| byte == quote)?;
    Some(&rest[..end])
}

/// Decodes UTF-8. Bytes that are none are read as windows-1252, which is what they almost always are.
/// Answers where in `out` that first happened.
pub(super) fn decode_utf8(raw: &mut Vec<u8>, out: &mut Vec<u8>, ended: bool) -> Option<usize> {
    let mut misread = None;
    let mut start = 0;
    while start < raw.len() {
        let (valid, bad) = match std::str::from_utf8(&raw[start..]) {
            Ok(_) => (raw.len() - start, 0),
            Err(error) => {
                let rest = raw.len() - start - error.valid_up_to();
                let unfinished = if ended { rest } else { 0 };
                (error.valid_up_to(), error.error_len().unwrap_or(unfinished))
            }
        };
        out.extend_from_slice(&raw[start..start + valid]);
        start += valid;
        if bad == 0 {
            break;
        }
        misread.get_or_insert(out.len());
        let (text, _) = WINDOWS_1252.decode_without_bom_handling(&raw[start..start + bad]);
        out.extend_from_slice(text.as_bytes());
        start += bad;
    }
    raw.drain(..start);
    misread
}

/// Decodes any other encoding; characters that are none of it become U+FFFD.
pub(super) fn decode_other(
    decoder: &mut Decoder,
    raw: &mut Vec<u8>,
    out: &mut Vec<u8>,
    ended: bool,
) -> Option<usize> {
    let mut misread = None;
    let mut start = 0;
    loop {
        let before = out.len();
        out.resize(before + raw.len().max(HEAD) * 3, 0);
        let (result, read, written, bad) =
            decoder.decode_to_utf8(&raw[start..], &mut out[before..], ended);
        out.truncate(before + written);
        start += read;
        if bad {
            misread.get_or_insert(before);
        }
        if result == CoderResult::InputEmpty {
            break;
        }
    }
    raw.clear();
    misread
}
