//! Makes any value: from bytes that a property test draws, or with everything in it and each text
//! and id telling of which field it is.

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use onward_domain::codes::need::NeedType;
use onward_domain::codes::{CodeSet, Open, handover, kind, placement, reason, referral, role};
use onward_domain::codes::{dsa, provision, setting, year};
use onward_domain::event::Occurred;
use onward_domain::handover::*;
use onward_domain::ids::*;
use onward_domain::learner::*;
use onward_domain::numbers::Urn;
use onward_domain::organisation::*;
use onward_domain::transition::*;
use uuid::Uuid;

use crate::codec::Kind;

/// Where made values come from.
pub(super) struct Draw {
    /// Bytes to draw from; none where everything is to be filled in.
    bytes: Option<std::vec::IntoIter<u8>>,
    /// Names of the fields that are being made, outermost first.
    path: Vec<&'static str>,
    count: u8,
    /// Every text made, and the path of its field.
    pub(super) texts: Vec<(String, Vec<&'static str>)>,
    /// Every id made, and the path of its field.
    pub(super) ids: Vec<(String, Vec<&'static str>)>,
}

impl Draw {
    /// Everything filled in, each value another one; which choices are made depends on the type.
    pub(super) fn full(kind: Kind) -> Self {
        let count = u8::try_from(kind as usize).expect("fewer than 256 types");
        Self { bytes: None, path: Vec::new(), count, texts: Vec::new(), ids: Vec::new() }
    }

    /// Whatever the bytes say; zeros after them.
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self {
            bytes: Some(bytes.into_iter()),
            path: Vec::new(),
            count: 0,
            texts: Vec::new(),
            ids: Vec::new(),
        }
    }

    fn byte(&mut self) -> u8 {
        match &mut self.bytes {
            Some(bytes) => bytes.next().unwrap_or_default(),
            None => {
                self.count = self.count.wrapping_add(1);
                self.count
            }
        }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.byte()) % of.len()]
    }

    fn is_full(&self) -> bool {
        self.bytes.is_none()
    }

    /// A value for the field of that name.
    pub(super) fn field<T: Made>(&mut self, name: &'static str) -> T {
        self.path.push(name);
        let made = T::made(self);
        self.path.pop();
        made
    }
}

/// A value that can be made.
pub(super) trait Made: Sized {
    fn made(draw: &mut Draw) -> Self;
}

// === plain values ===

impl Made for String {
    fn made(draw: &mut Draw) -> Self {
        let text = if draw.is_full() {
            format!("{} ⟨{}⟩", draw.path.last().copied().unwrap_or_default(), draw.texts.len())
        } else {
            let length = usize::from(draw.byte() % 12);
            let bytes: Vec<u8> = (0..length).map(|_| draw.byte()).collect();
            Self::from_utf8_lossy(&bytes).into_owned()
        };
        draw.texts.push((text.clone(), draw.path.clone()));
        text
    }
}

impl Made for bool {
    fn made(draw: &mut Draw) -> Self {
        draw.is_full() || draw.byte() & 1 == 1
    }
}

impl Made for Uuid {
    fn made(draw: &mut Draw) -> Self {
        let uuid = if draw.is_full() {
            let number = u128::try_from(draw.ids.len()).expect("few ids");
            Self::from_u128(0x0192_f0c1_0000_7000_8000_0000_0000_0001 + number)
        } else {
            Self::from_bytes(draw.bytes())
        };
        draw.ids.push((uuid.to_string(), draw.path.clone()));
        uuid
    }
}

impl Made for Date {
    fn made(draw: &mut Draw) -> Self {
        if draw.is_full() {
            return date(2026, 9, 1).saturating_add(i32::from(draw.byte()).days());
        }
        let [high, low, days, more] = draw.bytes();
        let year = i16::from_be_bytes([high, low]) % 10_000;
        date(year, 1, 1).saturating_add((i32::from(days) + i32::from(more & 0x7f)).days())
    }
}

impl Made for Timestamp {
    fn made(draw: &mut Draw) -> Self {
        if draw.is_full() {
            return Self::constant(1_790_000_000 + i64::from(draw.byte()), 123_456_789);
        }
        let second = i64::from_be_bytes(draw.bytes()) % 253_000_000_000;
        let nanosecond = i32::from_be_bytes(draw.bytes()) % 1_000_000_000;
        Self::new(second, nanosecond).expect("a moment within range")
    }
}

macro_rules! numbers {
    ($($number:ident),+) => {$(
        impl Made for $number {
            fn made(draw: &mut Draw) -> Self {
                Self::from_be_bytes(draw.bytes())
            }
        }
    )+};
}

numbers!(u8, u16, u32, u64, i32);

impl<T: Made> Made for Option<T> {
    fn made(draw: &mut Draw) -> Self {
        (draw.is_full() || draw.byte() & 1 == 1).then(|| T::made(draw))
    }
}

impl<T: Made> Made for Vec<T> {
    fn made(draw: &mut Draw) -> Self {
        let length = if draw.is_full() { 2 } else { draw.byte() % 4 };
        (0..length).map(|_| T::made(draw)).collect()
    }
}

impl<A: Made, B: Made> Made for (A, B) {
    fn made(draw: &mut Draw) -> Self {
        (A::made(draw), B::made(draw))
    }
}

// === ids and codes ===

macro_rules! ids {
    ($($id:ident),+ $(,)?) => {$(
        impl Made for $id {
            fn made(draw: &mut Draw) -> Self {
                Self::new(Uuid::made(draw))
            }
        }
    )+};
}

ids!(LearnerId, OrganisationId, MemberId, TransitionId, HandoverId, SupportItemId);
ids!(ReferralId, QueueId, DsaCaseId, EnrolmentId, EventId);

macro_rules! codes {
    ($($set:path),+ $(,)?) => {$(
        impl Made for $set {
            fn made(draw: &mut Draw) -> Self {
                draw.pick(<$set as CodeSet>::ALL)
            }
        }
    )+};
}

codes!(dsa::DsaAction, kind::PhaseTransferKind, kind::TransitionKind, placement::ApTier);
codes!(handover::Ground, handover::HandoverDecline, handover::HandoverWithdraw);
codes!(handover::NotNeededReason, provision::SenProvision, role::MemberRole, year::NcYear);
codes!(reason::ErasureGround, reason::IdentifierEnd, reason::TransitionCancel);
codes!(reason::TransitionEnd);
codes!(reason::TransitionReschedule, referral::ConsentMethod, referral::NeedTick);
codes!(referral::Priority, referral::Rag, referral::RedirectTarget, referral::ReferralOutcome);
codes!(referral::ReferralSource, referral::ReferrerRole, referral::RejectionReason);
codes!(referral::ScreeningTool, setting::EnrolmentKind, setting::OrganisationKind);
codes!(setting::Phase);

/// Any code of the set, or one that it does not have.
impl<C: CodeSet> Made for Open<C> {
    fn made(draw: &mut Draw) -> Self {
        match draw.pick(&[true, false]) {
            true => Self::Known(draw.pick(C::ALL)),
            false => Self::Unknown("NEW*1".to_owned()),
        }
    }
}

macro_rules! members {
    ($($set:ident { $($member:ident),+ })+) => {$(
        impl Made for $set {
            fn made(draw: &mut Draw) -> Self {
                draw.pick(&[$($set::$member),+])
            }
        }
    )+};
}

members! {
    OrganisationNumberKind { Urn, EyUrn, Laestab, Ukprn, OdsCode, LaCode, PathfinderKey }
    LearnerNumberKind { Upn, Uln, Nhs, Sid, Husid }
    SupportBasis { EhcPlan, SenSupport, None }
    Post16Kind { College, SixthForm, SpecialPost16, Training, SupportedInternship }
    OfferStatus { None, Conditional, Unconditional, Accepted, Declined }
    ReportedBy { SettingLeft, SettingEntered, Authority }
}

impl Made for NeedType {
    fn made(draw: &mut Draw) -> Self {
        let known = NeedType::known().nth(usize::from(draw.byte() % 32));
        // A code that the table lacks is kept as it came.
        known.unwrap_or_else(|| match (draw.is_full(), String::made(draw)) {
            (true, text) => Self::Unknown(text),
            (false, text) => Self::read(&text),
        })
    }
}

// === choices ===

impl Made for Planned {
    fn made(draw: &mut Draw) -> Self {
        let day = Date::made(draw);
        let month = Self::Month { year: day.year(), month: day.month() };
        if draw.byte() & 1 == 1 { Self::Day(day) } else { month }
    }
}

impl Made for Occurred {
    fn made(draw: &mut Draw) -> Self {
        if draw.byte() & 1 == 1 { Self::On(Date::made(draw)) } else { Self::At(Made::made(draw)) }
    }
}

impl Made for SupportAnswer {
    fn made(draw: &mut Draw) -> Self {
        match draw.byte() % 4 {
            0 => Self::InPlace(Made::made(draw)),
            1 => Self::Partly,
            2 => Self::NotYet(Made::made(draw)),
            _ => Self::NotNeeded(Made::made(draw)),
        }
    }
}

impl Made for placement::ApDestination {
    fn made(draw: &mut Draw) -> Self {
        let urn = Urn::parse(&format!("1000{:02}", draw.byte() % 100)).expect("a valid URN");
        match draw.byte() % 4 {
            0 => Self::OwnSchool,
            1 => Self::ReturnSchool(urn),
            2 => Self::NewSchool(urn),
            _ => Self::Post16(Made::made(draw)),
        }
    }
}

impl Made for Detail {
    fn made(draw: &mut Draw) -> Self {
        match draw.byte() % 11 {
            0 => Self::PhaseTransfer(Made::made(draw)),
            1 => Self::Post16Move(Made::made(draw)),
            2 => Self::ApprenticeshipStart(Made::made(draw)),
            3 => Self::HigherEducationEntry(Made::made(draw)),
            4 => Self::AlternativeProvision(Made::made(draw)),
            5 => Self::LocalAuthorityMove(Made::made(draw)),
            6 => Self::InYearMove(Made::made(draw)),
            7 => Self::Employment(Made::made(draw)),
            8 => Self::AdultCare(Made::made(draw)),
            9 => Self::ElectiveHomeEducation(Made::made(draw)),
            _ => Self::NotInEducation(Made::made(draw)),
        }
    }
}
