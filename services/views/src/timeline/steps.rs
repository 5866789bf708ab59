//! The state of a transition: what follows from its facts, each as its newest correction has it. The
//! rule is that of the domain's own fold; here only versions and kinds of facts are kept, in clear.

use std::fmt;
use std::str::FromStr;

use onward_domain::decider::Steps as _;
use onward_domain::transition::{TransitionFact, TransitionState, TransitionStep};

use crate::error::ViewError;

/// One fact of a transition, as far as it moves the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Recorded,
    Confirmed,
    Arrived,
    NotArrived,
    Cancelled,
    Ended,
    /// What the fact at this version said is mistaken; `detail` and `on`: something else is true.
    Corrected {
        target: u64,
        detail: bool,
        on: bool,
    },
}

const LETTERS: [(Step, char); 6] = [
    (Step::Recorded, 'p'),
    (Step::Confirmed, 'c'),
    (Step::Arrived, 'a'),
    (Step::NotArrived, 'n'),
    (Step::Cancelled, 'x'),
    (Step::Ended, 'e'),
];

impl Step {
    fn of(fact: &TransitionFact) -> Option<Self> {
        Some(match fact {
            TransitionFact::Recorded(_) => Self::Recorded,
            TransitionFact::Confirmed(_) => Self::Confirmed,
            TransitionFact::Arrived(_) => Self::Arrived,
            TransitionFact::NotArrived(_) => Self::NotArrived,
            TransitionFact::Cancelled(_) => Self::Cancelled,
            TransitionFact::Ended(_) => Self::Ended,
            TransitionFact::Rescheduled(_) => return None,
            TransitionFact::Corrected(fact) => Self::Corrected {
                target: fact.corrects_version,
                detail: fact.detail.is_some(),
                on: fact.on.is_some(),
            },
        })
    }

    /// Whether the step still happened, with other content, under this correction.
    fn survives(self, correction: Self) -> bool {
        match (self, correction) {
            (Self::Recorded, Self::Corrected { detail, .. }) => detail,
            (Self::Arrived | Self::NotArrived, Self::Corrected { on, .. }) => on,
            _ => false,
        }
    }

    /// The state it leads to, if it follows from the one before.
    fn leads(self, from: Option<TransitionState>) -> Option<TransitionState> {
        let (step, to) = match self {
            Self::Recorded => return from.is_none().then_some(TransitionState::Planned),
            Self::Confirmed => (TransitionStep::Confirm, TransitionState::Confirmed),
            Self::Arrived => (TransitionStep::Arrive, TransitionState::Arrived),
            Self::NotArrived => (TransitionStep::NotArrived, TransitionState::NotArrived),
            Self::Cancelled => (TransitionStep::Cancel, TransitionState::Cancelled),
            Self::Ended => (TransitionStep::End, TransitionState::Ended),
            Self::Corrected { .. } => return None,
        };
        from.filter(|from| step.possible_from(*from)).map(|_| to)
    }
}

/// The steps of a transition, each with its version in the stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Steps(Vec<(u64, Step)>);

impl Steps {
    /// Adds what the fact at this version says.
    pub(crate) fn take(&mut self, version: u64, fact: &TransitionFact) {
        if let Some(step) = Step::of(fact) {
            self.0.push((version, step));
        }
    }

    /// Where the transition stands; planned where nothing that counts is left.
    pub(crate) fn state(&self) -> TransitionState {
        let standing = self.standing();
        let mut state = None;
        for (version, step) in &self.0 {
            let correction = standing.iter().find(|(target, _)| target == version);
            if correction.is_none_or(|(_, correction)| step.survives(*correction)) {
                state = step.leads(state).or(state);
            }
        }
        state.unwrap_or(TransitionState::Planned)
    }

    /// For each corrected version its newest correction that stands: one that is corrected itself does
    /// not, so the latest is judged first.
    fn standing(&self) -> Vec<(u64, Step)> {
        let mut standing: Vec<(u64, Step)> = Vec::new();
        for (version, step) in self.0.iter().rev() {
            let Step::Corrected { target, .. } = step else { continue };
            let known = |wanted: &u64| standing.iter().any(|(target, _)| target == wanted);
            if !known(version) && !known(target) && target < version {
                standing.push((*target, *step));
            }
        }
        standing
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (version, step)) in self.0.iter().enumerate() {
            let space = if place > 0 { " " } else { "" };
            if let Step::Corrected { target, detail, on } = step {
                let (detail, on) = (if *detail { "d" } else { "" }, if *on { "o" } else { "" });
                write!(f, "{space}{version}-{target}{detail}{on}")?;
            } else if let Some((_, letter)) = LETTERS.iter().find(|(known, _)| known == step) {
                write!(f, "{space}{version}{letter}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Steps {
    type Err = ViewError;

    fn from_str(text: &str) -> Result<Self, ViewError> {
        let steps: Option<Vec<(u64, Step)>> = text.split_whitespace().map(one).collect();
        steps.map(Self).ok_or(ViewError::Damaged("the steps of a transition"))
    }
}

fn one(text: &str) -> Option<(u64, Step)> {
    if let Some((version, rest)) = text.split_once('-') {
        let target = rest.trim_end_matches(['d', 'o']);
        let flags = &rest[target.len()..];
        let (detail, on) = (flags.contains('d'), flags.contains('o'));
        let step = Step::Corrected { target: target.parse().ok()?, detail, on };
        return Some((version.parse().ok()?, step));
    }
    let letter = text.chars().last()?;
    let (step, _) = LETTERS.iter().find(|(_, known)| *known == letter)?;
    Some((text.strip_suffix(letter)?.parse().ok()?, *step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str) -> &'static str {
        text.parse::<Steps>().map_or("damaged", |steps| steps.state().as_str())
    }

    #[test]
    fn what_counts_is_the_state() {
        for (steps, expected) in [
            ("1p", "PLANNED"),
            ("1p 2c", "CONFIRMED"),
            ("1p 2c 3a", "ARRIVED"),
            ("1p 2c 3a 4-3", "CONFIRMED"),
            ("1p 2c 3a 4-3o", "ARRIVED"),
            ("1p 2c 3a 4-1d", "ARRIVED"),
            ("1p 2n 3a", "ARRIVED"),
            ("1p 2n 3a 4-3 5-2", "PLANNED"),
            ("1p 2c 3a 4-3 5-4", "ARRIVED"),
            ("1p 2c 3a 4e 5-3", "CONFIRMED"),
            ("1p 2c 3a 4e 5-3 6a", "ARRIVED"),
            ("1p 2x", "CANCELLED"),
            ("1p 2a 3e", "ENDED"),
        ] {
            assert_eq!(state(steps), expected, "{steps}");
        }
    }

    #[test]
    fn steps_come_back_from_text() {
        for text in ["1p 2c 13a 14-13", "1p 2-1d", "1p 2a 3-2o 4-3do"] {
            let again = text.parse::<Steps>().map(|steps| steps.to_string());
            assert_eq!(again.ok(), Some(text.to_owned()));
        }
        assert!("1z".parse::<Steps>().is_err() && "p".parse::<Steps>().is_err());
    }
}
