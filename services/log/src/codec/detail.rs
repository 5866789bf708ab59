//! The particulars of a transition: what every kind has, and the whole of them in a correction.
//!
//! The settings left and entered stand apart from the rest, because their organisations are public
//! where an event records the transition.

use onward_domain::learner::Setting;
use onward_domain::transition::Detail;
use wire::transition_detail::Kind as WireDetail;

use super::person::{maybe, read_maybe};
use super::value::Read;
use super::{DecodeError, Wire, wire};

/// The particulars of one kind.
pub(super) trait Particulars: Sized {
    /// Their message.
    type Message;

    /// The setting left, where the kind has one.
    fn left(&self) -> Option<&Setting>;

    /// The setting entered, where the kind has one and it is known.
    fn entered(&self) -> Option<&Setting>;

    /// The rest as a message. Total.
    fn write(&self) -> Self::Message;

    /// Back from the message and the two settings.
    fn read(message: Self::Message, left: Option<Setting>, entered: Option<Setting>) -> Read<Self>;
}

/// The whole particulars within a sealed part: a correction.
impl Wire for Detail {
    type Message = wire::TransitionDetail;

    fn write(&self) -> wire::TransitionDetail {
        match self {
            Self::PhaseTransfer(kind) => whole(kind, WireDetail::PhaseTransfer),
            Self::Post16Move(kind) => whole(kind, WireDetail::Post16Move),
            Self::ApprenticeshipStart(kind) => whole(kind, WireDetail::ApprenticeshipStart),
            Self::HigherEducationEntry(kind) => whole(kind, WireDetail::HigherEducationEntry),
            Self::AlternativeProvision(kind) => whole(kind, WireDetail::AlternativeProvision),
            Self::LocalAuthorityMove(kind) => whole(kind, WireDetail::LocalAuthorityMove),
            Self::InYearMove(kind) => whole(kind, WireDetail::InYearMove),
            Self::Employment(kind) => whole(kind, WireDetail::Employment),
            Self::AdultCare(kind) => whole(kind, WireDetail::AdultCare),
            Self::ElectiveHomeEducation(kind) => whole(kind, WireDetail::ElectiveHomeEducation),
            Self::NotInEducation(kind) => whole(kind, WireDetail::NotInEducation),
        }
    }

    fn read(message: wire::TransitionDetail) -> Read<Self> {
        let left = read_maybe(message.from)?;
        let entered = read_maybe(message.to)?;
        Ok(match message.kind.ok_or(DecodeError::Malformed)? {
            WireDetail::PhaseTransfer(kind) => {
                Self::PhaseTransfer(Particulars::read(kind, left, entered)?)
            }
            WireDetail::Post16Move(kind) => {
                Self::Post16Move(Particulars::read(kind, left, entered)?)
            }
            WireDetail::ApprenticeshipStart(kind) => {
                Self::ApprenticeshipStart(Particulars::read(kind, left, entered)?)
            }
            WireDetail::HigherEducationEntry(kind) => {
                Self::HigherEducationEntry(Particulars::read(kind, left, entered)?)
            }
            WireDetail::AlternativeProvision(kind) => {
                Self::AlternativeProvision(Particulars::read(kind, left, entered)?)
            }
            WireDetail::LocalAuthorityMove(kind) => {
                Self::LocalAuthorityMove(Particulars::read(kind, left, entered)?)
            }
            WireDetail::InYearMove(kind) => {
                Self::InYearMove(Particulars::read(kind, left, entered)?)
            }
            WireDetail::Employment(kind) => {
                Self::Employment(Particulars::read(kind, left, entered)?)
            }
            WireDetail::AdultCare(kind) => Self::AdultCare(Particulars::read(kind, left, entered)?),
            WireDetail::ElectiveHomeEducation(kind) => {
                Self::ElectiveHomeEducation(Particulars::read(kind, left, entered)?)
            }
            WireDetail::NotInEducation(kind) => {
                Self::NotInEducation(Particulars::read(kind, left, entered)?)
            }
        })
    }
}

/// One kind with both its settings, their organisations included.
fn whole<P: Particulars>(kind: &P, wrap: fn(P::Message) -> WireDetail) -> wire::TransitionDetail {
    wire::TransitionDetail {
        from: maybe(kind.left()),
        to: maybe(kind.entered()),
        kind: Some(wrap(kind.write())),
    }
}
