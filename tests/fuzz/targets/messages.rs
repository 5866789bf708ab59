//! NATS messages. Input: the stream's sequence on a line, a header a line, an empty line, the body.

use async_nats::HeaderMap;
use async_nats::header::{HeaderName, HeaderValue};
use onward_bus::Envelope;

use super::{Target, headed, none};
use crate::marker::{MARKER, said};

pub(super) const TARGET: Target = Target {
    name: "messages",
    run,
    seeds: none,
    words: &[
        b"onward-position: 00000000000000000042\n",
        b"onward-position: 18446744073709551615\n",
        b"onward-partition: 255\n",
        b"onward-partition: 256\n",
        b"ce-time: -009999-01-01T00:00:00Z\n",
        b"ce-type: org.onward..v\n",
        b"ce-type: org.onward.v1\n",
        b"onward-hash: ",
        b"\n\n",
        MARKER.as_bytes(),
    ],
};

fn run(bytes: &[u8]) {
    let (sequence, rest) = headed(bytes);
    let sequence = sequence.parse().unwrap_or(42);
    let end = rest.windows(2).position(|pair| pair == b"\n\n").unwrap_or(rest.len());
    let (lines, body) = rest.split_at(end);
    let headers = headers(&String::from_utf8_lossy(lines));
    let body = body.get(2..).unwrap_or_default();
    let subject = headers.as_ref().map(subject).unwrap_or_default();
    match Envelope::incoming(sequence, &subject, headers.as_ref(), body) {
        Err(fault) => said("a fault", &fault),
        Ok(event) => {
            assert_eq!(event.position.get(), sequence, "in its place");
            assert_eq!(event.position.to_string().parse(), Ok(event.position));
        }
    }
}

/// The subject that a message with these headers belongs on.
fn subject(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).map_or("", |value| value.as_str());
    let full = text("ce-type").trim_start_matches("org.onward.");
    let event_type = full.rsplit_once(".v").map_or(full, |(event_type, _)| event_type);
    format!("onward.v1.{}.{event_type}", text("onward-partition"))
}

/// As the client hands them out; none where there is not one line.
fn headers(lines: &str) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in lines.lines() {
        let (name, value) = line.split_once(": ")?;
        let name: HeaderName = name.parse().ok()?;
        let value: HeaderValue = value.parse().ok()?;
        headers.append(name, value);
    }
    Some(headers)
}
