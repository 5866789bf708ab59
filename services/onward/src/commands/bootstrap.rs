//! `onward bootstrap`: the first operator, written straight into the database; refuses once one exists.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use jiff::Timestamp;
use onward_api::{guard, keys};
use onward_domain::codes::role::MemberRole;
use onward_domain::codes::setting::OrganisationKind;
use onward_domain::event::Provenance;
use onward_domain::ids::{MemberId, OrganisationId};
use onward_domain::organisation::{
    AddMember, Member, MemberAdded, MemberCommand, Organisation, OrganisationRegistered, Register,
};
use onward_log::{Attempt, Call, ExecuteError, Log, Relation, Scope, Unit};
use uuid::Uuid;

use crate::app::log_options;
use crate::cli::{BootstrapArgs, Output};
use crate::config::Settings;
use crate::lifecycle::Misuse;
use crate::output::Rows;

/// The first operator.
#[derive(Debug, Clone, Copy)]
pub struct First {
    /// The operator's organisation.
    pub organisation: OrganisationId,
    /// The membership.
    pub member: MemberId,
}

/// Makes the first operator and prints the ids.
pub async fn run(args: BootstrapArgs, output: Output) -> anyhow::Result<ExitCode> {
    // As the contract has it for every later organisation and member.
    let fits = |text: &str, most| {
        let length = text.trim().chars().count();
        (1..=most).contains(&length) && !text.chars().any(char::is_control)
    };
    for (flag, text, most) in [
        ("--org", &args.org, 200),
        ("--subject", &args.subject, 255),
        ("--issuer", &args.issuer, 255),
    ] {
        if !fits(text, most) {
            bail!(Misuse(format!("{flag} must be one line of 1 to {most} characters")));
        }
    }
    let settings = Settings::of_store(&args.store)?;
    let log = Log::open(log_options(&settings, true)).await?;
    let made = first_operator(&log, &args.org, &args.issuer, &args.subject).await;
    log.close().await;
    let first = made?;
    let mut rows = Rows::new(&["organisation_id", "member_id", "role"]);
    rows.push_texts([
        first.organisation.to_string(),
        first.member.to_string(),
        "OPERATOR".to_owned(),
    ]);
    rows.print(output)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the operator's organisation and its first member in one append.
///
/// # Errors
/// There is an operator already, or the log cannot be written.
pub async fn first_operator(
    log: &Log,
    name: &str,
    issuer: &str,
    subject: &str,
) -> anyhow::Result<First> {
    let first = First {
        organisation: OrganisationId::new(Uuid::now_v7()),
        member: MemberId::new(Uuid::now_v7()),
    };
    let (register, add) = commands(first, name, issuer, subject);
    let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
    let attempt: Attempt = Arc::new(move |unit: &mut Unit| {
        let (register, add) = (register.clone(), add.clone());
        let (issuer, subject) = (issuer.clone(), subject.clone());
        Box::pin(async move {
            let mut organisation = unit.fresh::<Organisation>(first.organisation.uuid());
            unit.decide(&mut organisation, register)?;
            let mut member = unit.fresh::<Member>(first.member.uuid());
            unit.decide(&mut member, MemberCommand::AddMember(add))?;
            let (org, stream) = (first.organisation, first.organisation.uuid());
            // Only one append in the life of a log can hold this key.
            unit.claim(keys::operator(), stream, (None, None));
            let role = keys::membership(&issuer, &subject, org, MemberRole::Operator);
            unit.claim(role, first.member.uuid(), (None, None));
            let once = keys::membership_once(&issuer, &subject, org);
            unit.claim(once, first.member.uuid(), (None, None));
            for owned in [stream, first.member.uuid()] {
                unit.claim(
                    onward_log::Key::party(owned, org, Relation::Owner),
                    owned,
                    (None, None),
                );
            }
            Ok(())
        })
    });
    let provenance = Provenance {
        organisation: first.organisation,
        member: Some(first.member),
        actor: None,
        occurred: None,
        external_ref: None,
    };
    match log.execute(Call { request: None, provenance }, attempt).await {
        Ok(_) => Ok(first),
        Err(ExecuteError::KeyTaken { scope: Scope::Operator, .. }) => {
            bail!("there is an operator already; further members are added by it")
        }
        Err(error) => Err(error.into()),
    }
}

fn commands(first: First, name: &str, issuer: &str, subject: &str) -> (Register, AddMember) {
    let organisation = OrganisationRegistered {
        organisation: first.organisation,
        kind: OrganisationKind::Operator,
        name: name.trim().to_owned(),
        numbers: Vec::new(),
        phase: None,
        low_age: None,
        high_age: None,
        open_from: Some(guard::now(Timestamp::now()).today),
        open_to: None,
        go_live: None,
        holiday_contact: None,
        successor_of: None,
    };
    let member = MemberAdded {
        member: first.member,
        organisation: first.organisation,
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        name: subject.to_owned(),
        roles: vec![MemberRole::Operator],
        from: None,
        until: None,
        deputy: None,
    };
    (Register { organisation }, AddMember { member, organisation_kind: OrganisationKind::Operator })
}
