//! Common Transfer Files: learners, and the move to the destination where the file names it.
//!
//! The importing organisation is the file's source (it sends the pupils) or its destination (it
//! expects them); for anybody else the file is refused.

use anyhow::bail;
use jiff::civil::Date;
use onward_contract::transition::v1::RecordTransitionRequest;
use onward_domain::codes::Open;
use onward_domain::codes::provision::SenProvision;
use onward_domain::learner::Setting;
use onward_domain::numbers::Laestab;
use onward_domain::transition::{Detail, PhaseTransfer, Planned, SupportBasis};
use onward_exchange::ctf::{CtfHeader, CtfPupil};
use tonic::{Code, Status};

use super::in_file::About;
use super::learner::{Said, place};
use super::moves::{self, Move};
use super::own::Own;
use super::rows::{Done, Kind};
use super::tally::Outcome;
use super::transitions::learners_allowed;

/// The month in which the pupils of a leaving year begin at their next setting.
const FIRST_MONTH: i8 = 9;

/// The pupils of a transfer file.
pub struct Pupils<'a> {
    own: &'a Own,
    header: CtfHeader,
    /// The caller may record moves; else only learners are recorded.
    moves: bool,
}

impl<'a> Pupils<'a> {
    /// The pupils of a file with this header.
    ///
    /// # Errors
    /// The file is somebody else's, or the caller may not record learners.
    pub async fn of(own: &'a Own, header: CtfHeader) -> anyhow::Result<Self> {
        side(own, &header)?;
        learners_allowed(own).await?;
        let mut transitions = own.server.transitions();
        let asked = transitions.record_transition(RecordTransitionRequest::default()).await;
        let moves = !asked.is_err_and(|status| status.code() == Code::PermissionDenied);
        Ok(Self { own, header, moves })
    }

    /// The phase transfer to the file's destination, where the file names one.
    fn moved(&self, pupil: &CtfPupil) -> Option<Move> {
        let (from, to) = (self.header.source.as_ref()?, self.header.dest.as_ref()?);
        let year = self.header.academic_year.or_else(|| self.header.date().map(Date::year))?;
        // The academic year is named by the year in which it begins; the next one begins a year later.
        let year = year.checked_add(i16::from(self.header.academic_year.is_some()))?;
        let day = self.header.date().unwrap_or_else(|| Date::constant(2026, 9, 1));
        let basis = match pupil.provision_on(day).and_then(Open::known) {
            Some(SenProvision::E) => SupportBasis::EhcPlan,
            Some(SenProvision::K) => SupportBasis::SenSupport,
            _ => SupportBasis::None,
        };
        let setting = |number: &Laestab| Setting {
            number: Some(number.as_str().to_owned()),
            ..Setting::default()
        };
        let detail = PhaseTransfer {
            from: setting(from),
            to: Some(setting(to)),
            nc_year: pupil.person.nc_year.as_ref().and_then(Open::known),
            planned: Planned::Month { year, month: FIRST_MONTH },
            basis,
        };
        Some(Move {
            detail: Detail::PhaseTransfer(detail),
            opens_dsa_case: false,
            home_la: self.own.la_code(),
            own_ref: None,
            key: pupil.row_key(),
            says_when: false,
            says_basis: !pupil.sen_history.is_empty(),
        })
    }
}

impl Kind for Pupils<'_> {
    type Item = CtfPupil;

    fn about(&self, pupil: &CtfPupil) -> About {
        let said = said(pupil);
        About::learner(&said, "pupil".to_owned(), None, &content(&said))
    }

    async fn record(
        &self,
        pupil: &CtfPupil,
        again: bool,
        dry_run: bool,
    ) -> Result<Done, Box<Status>> {
        let placed = place(self.own, &said(pupil), again, dry_run).await?;
        let outcome = placed.outcome.clone();
        if placed.is_refused() {
            return Ok(outcome.into());
        }
        let Some(moved) = self.moved(pupil).filter(|_| self.moves) else {
            return Ok(Done { outcome, placed: true, remarks: placed.remarks });
        };
        let mut done = match moves::record(self.own, placed, &moved, dry_run).await {
            Ok(done) => done,
            Err(status) => Done { placed: true, ..Outcome::refused(&status).into() },
        };
        // The pupil is recorded, whatever became of the move: a fault of the move is a remark. A
        // pupil that was known and whose move is new has changed.
        done.outcome = match done.outcome {
            Outcome::Failed { code, message } => {
                done.remarks.push((code, format!("the move was not recorded: {message}")));
                outcome
            }
            Outcome::New if outcome != Outcome::New => Outcome::Changed,
            _ if outcome == Outcome::New => Outcome::New,
            of_move => of_move,
        };
        Ok(done)
    }
}

/// Which side of the file the importing organisation is on.
fn side(own: &Own, header: &CtfHeader) -> anyhow::Result<()> {
    let is =
        |number: &Option<Laestab>| number.as_ref().is_some_and(|number| own.holds(number.as_str()));
    if is(&header.source) || is(&header.dest) {
        return Ok(());
    }
    bail!(
        "the file is neither from {name} nor to it, so {name} cannot import it",
        name = own.organisation.name
    )
}

fn said(pupil: &CtfPupil) -> Said {
    Said {
        key: pupil.row_key(),
        person: pupil.person.clone(),
        upn: pupil.upn.as_ref().map(|upn| upn.as_str().to_owned()),
        former_upns: pupil.former_upns.iter().map(|upn| upn.as_str().to_owned()).collect(),
        uln: pupil.uln.as_ref().map(|uln| uln.as_str().to_owned()),
        own_ref: None,
        provisions: pupil
            .sen_history
            .iter()
            .map(|spell| (spell.provision.clone(), spell.start, spell.end))
            .collect(),
        needs: pupil.needs.clone(),
        all_needs: true,
    }
}

/// What a pupil says beside who it is.
fn content(said: &Said) -> Vec<u8> {
    use onward_contract::learner::v1::RegisterLearnerRequest;
    use prost::Message;
    let details = super::learner::details(said);
    let request = RegisterLearnerRequest {
        // The names are compared apart, however they are spelled.
        details: Some(onward_contract::learner::v1::LearnerDetails {
            forename: String::new(),
            surname: String::new(),
            postcode: String::new(),
            ..details
        }),
        sen_provisions: super::learner::provisions(said),
        needs: super::learner::needs(&said.needs),
        ..Default::default()
    };
    request.encode_to_vec()
}
