//! What a file has said so far: which rows are about one child, which row is there twice, and which
//! rows contradict each other. Hashes are kept, not values: a hundred thousand rows stay within a few
//! tens of megabytes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hash, Hasher};

use onward_domain::learner::folded;

use super::learner::Said;
use super::tally::Outcome;

/// Whom or what a row is about, and what it says.
pub struct About {
    /// Names of its subject: what kind of name, and the name. A name that only suggests the subject
    /// has no kind.
    names: Vec<(Option<&'static str>, u64)>,
    /// Who the subject is: the same person has the same.
    person: u64,
    upn: Option<u64>,
    postcode: Option<u64>,
    /// The row's own key, where the sender gave one.
    own_ref: Option<String>,
    /// What else tells this row from others about the same subject.
    part: String,
    /// What the row says.
    content: u64,
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl About {
    /// A row about a learner.
    pub fn learner(said: &Said, part: String, own_ref: Option<String>, content: &[u8]) -> Self {
        let person = &said.person;
        let name = (folded(&person.forename), folded(&person.surname), person.date_of_birth);
        let strong = |kind: &'static str, value: &String| (Some(kind), hash((kind, value)));
        let mut names: Vec<_> = said.upn.iter().map(|upn| strong("UPN", upn)).collect();
        names.extend(said.own_ref.iter().map(|own_ref| strong("own reference", own_ref)));
        names.extend(said.uln.iter().map(|uln| strong("ULN", uln)));
        names.extend(said.former_upns.iter().map(|upn| strong("UPN", upn)));
        names.push((None, hash(&name)));
        let postcode = person.postcode.as_ref().map(|postcode| postcode.replace(' ', ""));
        Self {
            names,
            person: hash(&name),
            upn: said.upn.as_ref().map(hash),
            content: hash((content, &postcode)),
            postcode: postcode.map(hash),
            own_ref,
            part,
        }
    }

    /// A row about an organisation: its numbers, and what it says.
    pub fn organisation(numbers: &[(&'static str, &str)], name: &str, content: &[u8]) -> Self {
        let number = |(kind, value): &(&'static str, &str)| (Some(*kind), hash((kind, value)));
        let mut names: Vec<_> = numbers.iter().map(number).collect();
        if names.is_empty() {
            names.push((None, hash(("name", name.to_lowercase()))));
        }
        let content = hash(content);
        Self {
            names,
            person: 0,
            upn: None,
            postcode: None,
            own_ref: None,
            part: String::new(),
            content,
        }
    }
}

/// How a row stands to those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// To be recorded. The subject's number within the file.
    Go(u32),
    /// The same as the row on this line.
    Repeat(u64),
    /// Contradicts a row before it.
    Clash(Outcome),
}

struct Subject {
    line: u64,
    person: u64,
    upn: Option<u64>,
    postcode: Option<u64>,
    placed: bool,
}

/// The file so far.
#[derive(Default)]
pub struct InFile {
    names: HashMap<u64, u32>,
    subjects: Vec<Subject>,
    rows: HashMap<u64, (u64, u64, Option<u64>)>,
    failed: HashMap<u64, Outcome>,
}

impl InFile {
    /// Takes the next row.
    pub fn admit(&mut self, line: u64, about: &About) -> Turn {
        let subject = match self.subject(about) {
            Ok(subject) => subject,
            Err(clash) => return Turn::Clash(clash),
        };
        let subject = subject.unwrap_or_else(|| self.begin(line, about));
        for (_, name) in &about.names {
            self.names.entry(*name).or_insert(subject);
        }
        let own_ref = about.own_ref.as_ref().map(hash);
        let by_own_ref = own_ref.map(|own_ref| hash(("own", own_ref, label(&about.part))));
        let by_subject = hash(("subject", subject, &about.part));
        for (key, own) in [(by_own_ref, true), (Some(by_subject), false)] {
            let Some(key) = key else { continue };
            match self.rows.entry(key) {
                Entry::Vacant(free) => {
                    free.insert((line, about.content, own_ref));
                }
                // Two keys of the sender's are two rows, whatever else they say.
                Entry::Occupied(held) if !own && differ(held.get().2, own_ref) => {}
                Entry::Occupied(held) if held.get().1 == about.content => {
                    return Turn::Repeat(held.get().0);
                }
                Entry::Occupied(held) => return Turn::Clash(contradicts(held.get().0, own)),
            }
        }
        Turn::Go(subject)
    }

    /// Whether a row about the subject was recorded, or would be.
    pub fn is_placed(&self, subject: u32) -> bool {
        self.subjects.get(subject as usize).is_some_and(|subject| subject.placed)
    }

    /// Keeps what became of a row.
    pub fn became(&mut self, line: u64, subject: Option<u32>, placed: bool, outcome: &Outcome) {
        if let Some(subject) = subject.and_then(|at| self.subjects.get_mut(at as usize)) {
            subject.placed |= placed;
        }
        if matches!(outcome, Outcome::Failed { .. }) {
            self.failed.insert(line, outcome.clone());
        }
    }

    /// What a repeat of the row on a line comes to: a refused row is refused again.
    pub fn repeat_of(&self, line: u64) -> Outcome {
        self.failed.get(&line).cloned().unwrap_or(Outcome::Same)
    }

    fn begin(&mut self, line: u64, about: &About) -> u32 {
        let About { person, upn, postcode, .. } = *about;
        self.subjects.push(Subject { line, person, upn, postcode, placed: false });
        u32::try_from(self.subjects.len() - 1).unwrap_or(u32::MAX)
    }

    /// The subject that the row's names lead to.
    fn subject(&self, about: &About) -> Result<Option<u32>, Outcome> {
        for (kind, name) in &about.names {
            let Some(at) = self.names.get(name).copied() else { continue };
            let Some(held) = self.subjects.get(at as usize) else { continue };
            match kind {
                Some(kind) if held.person != about.person => {
                    return Err(Outcome::failed(
                        "same_number_other_person",
                        format!("another in this file, on line {}, has the same {kind}", held.line),
                    ));
                }
                Some(_) => return Ok(Some(at)),
                // Two children may share a name and a birthday: other numbers, or another home where
                // no number tells, make them two.
                None if differ(held.upn, about.upn) => {}
                None if about.upn.is_none() && differ(held.postcode, about.postcode) => {}
                None => return Ok(Some(at)),
            }
        }
        Ok(None)
    }
}

fn differ(one: Option<u64>, other: Option<u64>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

/// The kind of row, without the day or year that a correction may change.
fn label(part: &str) -> &str {
    part.split('|').next().unwrap_or_default()
}

fn contradicts(line: u64, own_ref: bool) -> Outcome {
    let what = if own_ref { "has the same own reference" } else { "is about the same" };
    Outcome::failed(
        "contradicts_earlier_row",
        format!("the row on line {line} {what} and says something else"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::learner::tests::said;
    use super::*;

    fn about(said: &Said, own_ref: Option<&str>, content: &str) -> About {
        let own_ref = own_ref.map(str::to_owned);
        About::learner(said, "phase_transfer|2026".to_owned(), own_ref, content.as_bytes())
    }

    #[test]
    fn one_child_written_in_several_ways_is_one_subject_and_one_row() {
        let mut file = InFile::default();
        let first = said("\u{c9}mile", "O'Neil");
        assert_eq!(file.admit(2, &about(&first, None, "a")), Turn::Go(0));
        for (forename, surname) in
            [("E\u{301}mile", "O'Neil"), ("\u{c9}MILE", "O\u{2019}Neil"), ("\u{c9}mile ", "O Neil")]
        {
            let other = said(forename, surname);
            assert_eq!(file.admit(3, &about(&other, None, "a")), Turn::Repeat(2), "{surname}");
            assert_eq!(file.admit(4, &about(&other, Some(forename), "a")), Turn::Repeat(2));
        }
        // Another child.
        assert_eq!(file.admit(5, &about(&said("Ann", "O'Neil"), None, "a")), Turn::Go(1));
    }

    #[test]
    fn a_number_of_another_person_and_a_contradiction_name_the_line() {
        let mut file = InFile::default();
        let numbered =
            |forename, surname| Said { upn: Some("U".into()), ..said(forename, surname) };
        assert_eq!(file.admit(2, &about(&numbered("Ann", "A"), None, "a")), Turn::Go(0));
        let Turn::Clash(Outcome::Failed { message, .. }) =
            file.admit(9, &about(&numbered("Bob", "B"), None, "a"))
        else {
            panic!("two persons with one number")
        };
        assert!(message.contains("line 2") && message.contains("UPN"), "{message}");
        let Turn::Clash(Outcome::Failed { message, .. }) =
            file.admit(10, &about(&numbered("Ann", "A"), None, "b"))
        else {
            panic!("a contradiction")
        };
        assert!(message.contains("line 2"), "{message}");
    }

    #[test]
    fn a_copy_of_a_refused_row_is_refused_for_the_same_reason() {
        let mut file = InFile::default();
        let row = about(&said("Ann", "A"), Some("R1"), "a");
        assert_eq!(file.admit(2, &row), Turn::Go(0));
        let refused = Outcome::failed("x", "y".to_owned());
        file.became(2, Some(0), false, &refused);
        assert_eq!(file.admit(3, &row), Turn::Repeat(2));
        assert_eq!(file.repeat_of(2), refused);
        assert!(!file.is_placed(0));
    }
}
