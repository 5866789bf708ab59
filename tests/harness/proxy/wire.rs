//! Cuts what goes over a connection into messages, as far as a proxy must tell them apart.

use super::{Message, Way, Wire};

/// Cuts one direction of one connection.
pub(super) struct Splitter {
    wire: Wire,
    way: Way,
    /// What has come of a message that is not whole yet.
    kept: Vec<u8>,
    /// PostgreSQL: the client's first message has no letter before its length.
    began: bool,
}

impl Splitter {
    pub(super) fn new(wire: Wire, way: Way) -> Self {
        Self { wire, way, kept: Vec::new(), began: way == Way::Down }
    }

    /// Whole messages, each with what it is, where a trap may wait for it.
    pub(super) fn split(&mut self, chunk: &[u8]) -> Vec<(Vec<u8>, Option<Message>)> {
        // What a client of NATS sends is never looked into.
        if (self.wire, self.way) == (Wire::Nats, Way::Up) {
            return vec![(chunk.to_vec(), None)];
        }
        self.kept.extend_from_slice(chunk);
        let mut messages = Vec::new();
        while let Some(length) = self.first() {
            let rest = self.kept.split_off(length);
            let whole = std::mem::replace(&mut self.kept, rest);
            let message = if self.began { self.kind(&whole) } else { None };
            self.began = true;
            messages.push((whole, message));
        }
        messages
    }

    /// The length of the first message, once it is whole.
    fn first(&self) -> Option<usize> {
        let length = match self.wire {
            Wire::Postgres => postgres_length(&self.kept, self.began)?,
            Wire::Nats => nats_length(&self.kept)?,
        };
        (self.kept.len() >= length).then_some(length)
    }

    fn kind(&self, message: &[u8]) -> Option<Message> {
        match (self.wire, self.way) {
            (Wire::Postgres, Way::Up) => (message.first() == Some(&b'Q')
                && message.get(5..).is_some_and(|text| text.starts_with(b"COMMIT")))
            .then_some(Message::Commit),
            (Wire::Postgres, Way::Down) => (message.first() == Some(&b'C')
                && message.get(5..) == Some(b"COMMIT\0"))
            .then_some(Message::CommitReply),
            (Wire::Nats, _) => is_ack(message).then_some(Message::PublishAck),
        }
    }
}

/// A letter, then four bytes of length that count themselves:
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html>.
fn postgres_length(bytes: &[u8], has_letter: bool) -> Option<usize> {
    let letter = usize::from(has_letter);
    let length = bytes.get(letter..letter + 4)?.first_chunk::<4>()?;
    Some(letter + usize::try_from(u32::from_be_bytes(*length)).ok()?.max(4))
}

/// A line; after `MSG` and `HMSG` its last word is the length of what follows:
/// <https://docs.nats.io/reference/reference-protocols/nats-protocol>.
fn nats_length(bytes: &[u8]) -> Option<usize> {
    let line = bytes.windows(2).position(|pair| pair == b"\r\n")? + 2;
    let text = std::str::from_utf8(&bytes[..line]).unwrap_or_default();
    if !text.starts_with("MSG ") && !text.starts_with("HMSG ") {
        return Some(line);
    }
    let payload: usize = text.split_whitespace().next_back()?.parse().ok()?;
    Some(line + payload + 2)
}

/// The server's word that it has stored a message: `{"stream":…,"seq":…}` to somebody's inbox.
fn is_ack(message: &[u8]) -> bool {
    let text = String::from_utf8_lossy(message);
    let to_an_inbox = text.starts_with("MSG _INBOX") || text.starts_with("HMSG _INBOX");
    let body = text.split_once("\r\n").map_or("", |(_, body)| body);
    to_an_inbox && body.starts_with("{\"stream\":") && body.contains("\"seq\":")
}
