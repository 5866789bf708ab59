//! Which entries a question is about: types, with or without a `*` at the end.

/// Types asked for; none: all.
#[derive(Clone)]
pub(super) struct Types(Vec<String>);

impl Types {
    /// The types of a request.
    pub(super) fn new(asked: &[String]) -> Self {
        Self(asked.to_vec())
    }

    /// Whether a CloudEvents type is asked for.
    pub(super) fn take(&self, cloud_event_type: &str) -> bool {
        let fits = |asked: &String| match asked.strip_suffix('*') {
            Some(begin) => cloud_event_type.starts_with(begin),
            None => asked == cloud_event_type,
        };
        self.0.is_empty() || self.0.iter().any(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_the_rest() {
        let types = |asked: &[&str]| {
            Types::new(&asked.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())
        };
        let released = "org.onward.handover.handover_released.v1";
        assert!(types(&[]).take(released));
        assert!(types(&["org.onward.dsa.*", "org.onward.handover.*"]).take(released));
        assert!(types(&[released]).take(released));
        assert!(!types(&["org.onward.handover"]).take(released));
    }
}
