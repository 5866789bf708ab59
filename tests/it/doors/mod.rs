//! Every method at the door: who may come in, what is told to those who may not, what a field may hold.
//!
//! The methods, their callers and their fields are read from the contract's descriptors, so that a new
//! method is tested before anybody writes a test for it.

mod callers;
mod fields;
mod foreign;
mod raw;
mod removal;
mod samples;
mod tokens;
mod wire;

use onward_contract::access::v1::{MemberRole, OrganisationKind, Rule};
use prost_reflect::MethodDescriptor;

/// One method of the contract.
struct Method {
    /// As it travels: `/onward.learner.v1.LearnerService/GetLearner`.
    path: String,
    descriptor: MethodDescriptor,
    rule: &'static Rule,
}

impl Method {
    /// Every method that has a rule, which is every one of ours.
    fn all() -> Vec<Self> {
        let services = onward_contract::pool().services();
        let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
        methods
            .filter_map(|descriptor| {
                let service = descriptor.parent_service();
                let path = format!("/{}/{}", service.full_name(), descriptor.name());
                let rule = onward_contract::rule(&path)?;
                Some(Self { path, descriptor, rule })
            })
            .collect()
    }

    /// Whether a caller of this kind may call.
    fn admits_kind(&self, kind: OrganisationKind) -> bool {
        self.rule.kinds.is_empty() || self.rule.kinds().any(|known| known == kind)
    }

    /// Whether a caller with this role may call.
    fn admits_role(&self, role: MemberRole) -> bool {
        self.rule.roles.is_empty() || self.rule.roles().any(|known| known == role)
    }

    /// The name without its service.
    fn name(&self) -> &str {
        self.descriptor.name()
    }
}

#[test]
fn every_method_of_the_contract_is_tried() {
    assert_eq!(Method::all().len(), onward_contract::rules().len());
    assert!(Method::all().len() > 70);
}
