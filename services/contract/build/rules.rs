//! Reads the rule of every method from its descriptor.
//!
//! The build script and the library share this file, so that what fails the build is what the server reads.

use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};

/// Full name of the method option that says who may call.
pub(crate) const OPTION: &str = "onward.access.v1.rule";

/// Every method of the contract's own packages, in the order of the descriptors.
pub(crate) fn methods(pool: &DescriptorPool) -> impl Iterator<Item = MethodDescriptor> + '_ {
    pool.services()
        .filter(|service| service.package_name().starts_with("onward."))
        .flat_map(|service| service.methods().collect::<Vec<_>>())
}

/// Path of a method as it travels: `/package.Service/Method`.
pub(crate) fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// The rule of a method, if it has one.
pub(crate) fn rule(pool: &DescriptorPool, method: &MethodDescriptor) -> Option<DynamicMessage> {
    let extension = pool.get_extension_by_name(OPTION)?;
    let options = method.options();
    if !options.has_extension(&extension) {
        return None;
    }
    match options.get_extension(&extension).into_owned() {
        Value::Message(rule) => Some(rule),
        _ => None,
    }
}
