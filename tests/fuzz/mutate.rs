//! The seeded mutator: the same seed gives the same input, on every machine.

/// A small generator of numbers (SplitMix64, Steele, Lea and Flood 2014): what counts here is that a
/// seed replays.
pub struct Dice(u64);

impl Dice {
    /// A generator for this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 where that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = limit.max(1) as u64;
        usize::try_from(self.roll() % limit).unwrap_or_default()
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of the list.
    ///
    /// # Panics
    /// The list is empty.
    pub fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}

/// Inputs do not grow beyond this.
const LONGEST: usize = 64 * 1024;

/// Bytes that are edges somewhere: of numbers, of UTF-8, of lines, of length prefixes.
const EDGES: [&[u8]; 16] = [
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\xff\x0f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x8f\xb4",
    b"\r",
    b"\r\n",
    b"-1",
    b"18446744073709551615",
    b"9223372036854775808",
];

/// An input made from one of the corpus: up to eight changes, each drawn by `dice`. `words` are what the
/// format itself is made of.
pub fn mutated(dice: &mut Dice, corpus: &[Vec<u8>], words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = corpus.get(dice.below(corpus.len())).cloned().unwrap_or_default();
    for _ in 0..=dice.below(8) {
        change(dice, &mut bytes, corpus, words);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(dice: &mut Dice, bytes: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&[u8]]) {
    let at = dice.below(bytes.len() + 1);
    let end = (at + 1 + dice.below(64)).min(bytes.len());
    match dice.below(9) {
        0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
        1 if at < bytes.len() => bytes[at] = dice.roll().to_le_bytes()[0],
        2 => drop(bytes.drain(at.min(end)..end)),
        3 => {
            let copy = bytes[at.min(end)..end].to_vec();
            let place = dice.below(bytes.len() + 1);
            bytes.splice(place..place, copy);
        }
        4 => bytes.truncate(at),
        5 => insert(bytes, at, EDGES[dice.below(EDGES.len())]),
        6 if !words.is_empty() => insert(bytes, at, words[dice.below(words.len())]),
        7 => splice(dice, bytes, at, corpus),
        8 => repeat(dice, bytes, at.min(end), end),
        _ => insert(bytes, at, &dice.roll().to_le_bytes()[..1]),
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, what: &[u8]) {
    bytes.splice(at..at, what.iter().copied());
}

/// Goes on as another of the corpus does.
fn splice(dice: &mut Dice, bytes: &mut Vec<u8>, at: usize, corpus: &[Vec<u8>]) {
    let Some(other) = corpus.get(dice.below(corpus.len())) else { return };
    bytes.truncate(at);
    bytes.extend_from_slice(&other[dice.below(other.len() + 1)..]);
}

/// The same piece again and again: nesting, long lists, long texts.
fn repeat(dice: &mut Dice, bytes: &mut Vec<u8>, from: usize, to: usize) {
    let piece = bytes[from..to].to_vec();
    let room = LONGEST.saturating_sub(bytes.len()) / piece.len().max(1);
    let times = (1 << dice.below(10)).min(room);
    bytes.splice(to..to, piece.repeat(times));
}
