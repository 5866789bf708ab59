//! The subjects: few and fixed, and never anything about a learner.
//!
//! One subject for each partition and type of event. A subject a stream would cost the broker a few
//! hundred bytes of memory an event, for ever; the stream's id travels in `ce-subject` instead.

/// First tokens of every subject.
pub(crate) const ROOT: &str = "onward.v1";

/// What the live stream listens to.
pub(crate) const LISTENED: &str = "onward.v1.>";

/// Name of the stream of one incarnation.
pub(crate) fn stream_name(incarnation: u32) -> String {
    format!("ONWARD_{incarnation}")
}

/// The incarnation of a stream's name, if it is one of ours.
pub(crate) fn incarnation_of(name: &str) -> Option<u32> {
    name.strip_prefix("ONWARD_")?.parse().ok()
}

/// What the stream of a retired incarnation listens to: two streams cannot share subjects.
pub(crate) fn retired(incarnation: u32) -> String {
    format!("onward.retired.{incarnation}.>")
}

/// Subject of an event: `onward.v1.<partition>.<area>.<event>`.
pub(crate) fn of_event(partition: u8, event_type: &str) -> String {
    // Types are `<area>.<event>` already, lower case and dots only.
    format!("{ROOT}.{partition}.{event_type}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_partition_area_and_event() {
        assert_eq!(
            of_event(7, "handover.handover_released"),
            "onward.v1.7.handover.handover_released"
        );
    }

    #[test]
    fn a_stream_is_named_by_its_incarnation() {
        assert_eq!(stream_name(3), "ONWARD_3");
        assert_eq!(incarnation_of("ONWARD_3"), Some(3));
        assert_eq!(incarnation_of("ORDERS"), None);
        assert_eq!(incarnation_of("ONWARD_x"), None);
    }
}
