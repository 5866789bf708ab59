//! One pupil, or the header, as a small tree: only the elements that are read, within fixed bounds.

use std::collections::BTreeMap;
use std::io::BufRead;

use super::refusal::CtfRefusal;
use super::xml::{Token, Xml};

/// Elements kept of one pupil.
const MOST_NODES: usize = 4_000;

/// Bytes kept of one element's text.
pub(super) const LONGEST_TEXT: usize = 4 * 1024;

/// Different names of unknown elements that are counted by name.
const MOST_NAMES: usize = 100;

/// Elements whose content is read.
const READ: &[&str] = &[
    "AcademicYear",
    "Address",
    "AddressAsLines",
    "BS7666Address",
    "BasicDetails",
    "CTFversion",
    "CareAuthority",
    "DOB",
    "DateTime",
    "DestSchool",
    "DocumentName",
    "DocumentQualifier",
    "EndDate",
    "Estab",
    "Forename",
    "FormerUPN",
    "Gender",
    "InCare",
    "LEA",
    "Language",
    "LanguageType",
    "Languages",
    "LookedAfter",
    "NCyearActual",
    "NeedEndDate",
    "NeedStartDate",
    "PostCode",
    "PreferredForename",
    "SEN",
    "SENhistory",
    "SENneed",
    "SENneeds",
    "SENprovision",
    "SENtype",
    "SENtypeRank",
    "SchoolName",
    "Sex",
    "SourceSchool",
    "StartDate",
    "SupplierID",
    "Surname",
    "Type",
    "UPN",
    "UniqueLearnerNumber",
];

/// Elements of the standard that Onward has no use for: passed over, not reported.
const PASSED_OVER: &[&str] = &[
    "ApplicationReference",
    "Attendance",
    "Contacts",
    "DataDescriptor",
    "EnrolStatus",
    "Ethnicity",
    "EthnicitySource",
    "FSMhistory",
    "FormerSurname",
    "LearnerFundingMonitoring",
    "MedicalFlag",
    "MiddleNames",
    "NAWdetails",
    "PAON",
    "PreferredSurname",
    "PupilPremium",
    "SAON",
    "SchoolHistory",
    "ServiceChild",
    "StageAssessments",
    "Street",
    "Town",
    "County",
    "Locality",
    "AddressLine1",
    "AddressLine2",
    "AddressLine3",
    "AddressLine4",
    "AddressLine5",
];

/// An element with its text and the elements within it.
#[derive(Default)]
pub(super) struct Node {
    /// Name without a namespace prefix.
    pub(super) name: String,
    /// Line of the opening tag.
    pub(super) line: u64,
    /// Text as it came, white space at both ends removed.
    pub(super) text: String,
    /// The text went on beyond [`LONGEST_TEXT`].
    pub(super) long: bool,
    /// Elements within, in the order of the file.
    pub(super) children: Vec<Node>,
}

/// Unknown elements of a file, counted by name.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct UnknownElements {
    by_name: BTreeMap<String, u64>,
    others: u64,
}

impl UnknownElements {
    /// How many were passed over.
    pub fn count(&self) -> u64 {
        self.by_name.values().sum::<u64>() + self.others
    }

    /// Names and how often each was met. At most a hundred different names are kept.
    pub fn by_name(&self) -> impl Iterator<Item = (&str, u64)> {
        self.by_name.iter().map(|(name, count)| (name.as_str(), *count))
    }

    pub(super) fn note(&mut self, name: &str) {
        if let Some(count) = self.by_name.get_mut(name) {
            *count += 1;
        } else if self.by_name.len() < MOST_NAMES && name.len() <= 60 {
            self.by_name.insert(name.to_owned(), 1);
        } else {
            self.others += 1;
        }
    }
}

impl Node {
    /// Elements with this name directly within.
    pub(super) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element with this name directly within that is not empty, else the first.
    pub(super) fn find(&self, name: &str) -> Option<&Self> {
        let named = || self.children.iter().filter(|child| child.name == name);
        let filled = named().find(|child| !child.text.is_empty() || !child.children.is_empty());
        filled.or_else(|| named().next())
    }

    /// Elements with this name anywhere within.
    pub(super) fn anywhere<'a>(&'a self, name: &str, found: &mut Vec<&'a Self>) {
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            child.anywhere(name, found);
        }
    }

    /// Text of the element with this name directly within; none where it is absent or empty.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.find(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }
}

/// Builds trees, and counts what they leave out.
pub(super) struct Builder<'a> {
    unknown: &'a mut UnknownElements,
    nodes: usize,
    /// The element held more than is kept.
    pub(super) overfull: bool,
}

impl<'a> Builder<'a> {
    pub(super) fn new(unknown: &'a mut UnknownElements) -> Self {
        Self { unknown, nodes: 0, overfull: false }
    }

    /// Reads the element that was just opened, to its end. Depth is bounded by [`Xml`].
    pub(super) fn build<R: BufRead>(
        &mut self,
        xml: &mut Xml<R>,
        name: String,
        line: u64,
    ) -> Result<Node, CtfRefusal> {
        let mut node = Node { name, line, ..Node::default() };
        loop {
            match xml.next()? {
                Token::Open(name, line) => self.child(xml, &mut node, name, line)?,
                Token::Text(text) => append(&mut node, &text),
                Token::Close | Token::End => break,
            }
        }
        node.text = node.text.trim().to_owned();
        Ok(node)
    }

    fn child<R: BufRead>(
        &mut self,
        xml: &mut Xml<R>,
        node: &mut Node,
        name: String,
        line: u64,
    ) -> Result<(), CtfRefusal> {
        let read = READ.contains(&name.as_str());
        if !read && !PASSED_OVER.contains(&name.as_str()) {
            self.unknown.note(&name);
        }
        if !read || self.nodes == MOST_NODES {
            self.overfull |= read;
            return xml.skip();
        }
        self.nodes += 1;
        let child = self.build(xml, name, line)?;
        node.children.push(child);
        Ok(())
    }
}

fn append(node: &mut Node, text: &str) {
    if node.text.len() + text.len() > LONGEST_TEXT {
        node.long = true;
        return;
    }
    node.text.push_str(text);
}
