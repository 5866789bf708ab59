//! The contract as code: messages, clients, servers, descriptors, and who may call what.
//!
//! Everything but the error reasons is generated from `proto/` at build time; a method without a rule fails the build.
//! A message of `onward.<area>.v1` is found under `<area>::v1`, so `onward_contract::learner::v1::Learner`.

use prost_reflect::{DescriptorPool, MessageDescriptor};
use std::{collections::BTreeMap, sync::LazyLock};

#[cfg(test)]
#[path = "../build/faults.rs"]
mod faults;
pub mod reason;
#[path = "../build/rules.rs"]
mod rules;
#[cfg(test)]
mod tests;

use access::v1::Rule;
pub use generated::{google, onward};
pub use onward::*;

#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, rustdoc::all)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/contract.rs"));
}

/// The contract's files and all they import, as an encoded `google.protobuf.FileDescriptorSet`, options kept.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/contract.bin"));

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the build wrote this descriptor set")
});

static RULES: LazyLock<BTreeMap<String, Rule>> = LazyLock::new(|| {
    rules::methods(pool())
        .map(|method| {
            let rule = rules::rule(pool(), &method).expect("the build refuses a method without");
            let rule = rule.transcode_to::<Rule>().expect("one schema, both ways");
            (rules::path(&method), rule)
        })
        .collect()
});

/// Descriptors of everything in the contract.
#[must_use]
pub fn pool() -> &'static DescriptorPool {
    &POOL
}

/// The rule of every method, by its path as it travels: `/onward.learner.v1.LearnerService/GetLearner`.
#[must_use]
pub fn rules() -> &'static BTreeMap<String, Rule> {
    &RULES
}

/// The rule of one method by its path. `None` for a path that the contract does not have: deny it.
#[must_use]
pub fn rule(path: &str) -> Option<&'static Rule> {
    RULES.get(path)
}

/// Descriptor of a message by its full name, for generated code, which asks only for names of the contract.
pub(crate) fn descriptor(name: &str) -> MessageDescriptor {
    pool().get_message_by_name(name).expect("generated from the same descriptor set")
}
