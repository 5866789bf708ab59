//! Encodings, line ends, sizes and lines of what is read.

use super::*;

const LIMITS: Limits = Limits { file: 1 << 20, piece: 1 << 20 };

/// Gives one byte at a time, so that every character is cut somewhere.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let amount = buf.len().min(self.0.len()).min(1);
        buf[..amount].copy_from_slice(&self.0[..amount]);
        self.0 = &self.0[amount..];
        Ok(amount)
    }
}

/// The text without its last line end, and where it was misread.
fn read_all(bytes: &[u8], declaration: Declaration) -> (String, Option<u64>) {
    let drip = io::BufReader::with_capacity(1, Drip(bytes));
    let mut source = Source::new(drip, declaration, LIMITS);
    let mut text = String::new();
    source.read_to_string(&mut text).expect("the text is readable");
    assert_eq!(text.ends_with('\n'), declaration == Declaration::None || bytes.ends_with(b"\n"));
    (text.trim_end_matches('\n').to_owned(), source.misread())
}

#[test]
fn byte_order_marks_choose_the_encoding_and_are_not_text() {
    assert_eq!(read_all("\u{FEFF}Zoë".as_bytes(), Declaration::None), ("Zoë".into(), None));
    let mut le = vec![0xFF, 0xFE];
    let mut be = vec![0xFE, 0xFF];
    for unit in "Zoë 🙂".encode_utf16() {
        le.extend(unit.to_le_bytes());
        be.extend(unit.to_be_bytes());
    }
    assert_eq!(read_all(&le, Declaration::Xml), ("Zoë 🙂".into(), None));
    assert_eq!(read_all(&be, Declaration::None), ("Zoë 🙂".into(), None));
}

#[test]
fn a_declared_encoding_is_used() {
    for label in ["windows-1252", "iso-8859-1", "ISO-8859-1"] {
        let mut bytes = format!("<?xml version='1.0' encoding = \"{label}\"?>Zo").into_bytes();
        bytes.extend([0xEB, b'\n', 0x92]);
        let (text, misread) = read_all(&bytes, Declaration::Xml);
        assert!(text.ends_with("Zoë\n’"), "{label}");
        assert_eq!(misread, None);
    }
    let ascii = b"<?xml version='1.0' encoding='UTF-16'?>x";
    assert!(read_all(ascii, Declaration::Xml).0.ends_with('x'));
}

#[test]
fn an_unknown_encoding_is_refused() {
    let bytes: &[u8] = b"<?xml version='1.0' encoding='klingon'?><a/>";
    let mut source = Source::new(bytes, Declaration::Xml, LIMITS);
    assert!(source.fill_buf().is_err());
    assert!(matches!(source.take_fault(), Some(SourceFault::UnknownEncoding)));
}

#[test]
fn bytes_that_are_not_utf8_are_read_as_windows_1252_and_the_line_is_told() {
    let (text, misread) = read_all(b"one\ntwo\nZo\xEB O\x92Neill", Declaration::None);
    assert_eq!(text, "one\ntwo\nZoë O’Neill");
    assert_eq!(misread, Some(3));
    assert_eq!(read_all(b"Zo\xEB", Declaration::None), ("Zoë".into(), Some(1)));
}

#[test]
fn size_is_counted_and_not_believed() {
    let limits = Limits { file: 100_000, piece: u64::MAX };
    let endless = io::BufReader::new(io::repeat(b'x'));
    let mut source = Source::new(endless, Declaration::None, limits);
    let mut sink = io::sink();
    assert!(io::copy(&mut source, &mut sink).is_err());
    assert!(matches!(source.take_fault(), Some(SourceFault::TooLarge { limit: 100_000 })));
}

#[test]
fn one_piece_cannot_swallow_the_file() {
    let limits = Limits { file: u64::MAX, piece: 50_000 };
    let mut source = Source::new(io::BufReader::new(io::repeat(b'x')), Declaration::None, limits);
    assert!(io::copy(&mut source, &mut io::sink()).is_err());
    assert!(matches!(source.take_fault(), Some(SourceFault::Endless { line: 1 })));
}

#[test]
fn line_ends_of_every_kind_become_one() {
    let (text, _) = read_all(b"a\r\nb\rc\n\r\nd\r", Declaration::None);
    assert_eq!(text, "a\nb\nc\n\nd");
    let mut none = String::new();
    let mut empty = Source::new(io::empty(), Declaration::None, LIMITS);
    empty.read_to_string(&mut none).expect("readable");
    assert_eq!(none, "");
}

#[test]
fn lines_are_those_of_what_was_consumed() {
    let bytes: &[u8] = b"a\r\nb\nc";
    let mut source = Source::new(bytes, Declaration::Xml, LIMITS);
    assert_eq!(source.line(), 1);
    assert_eq!(source.fill_buf().expect("readable"), b"a\nb\nc");
    source.consume(2);
    assert_eq!(source.line(), 2);
    source.consume(3);
    assert_eq!(source.line(), 3);
}
