//! Which crate may lean on which, and what the domain must not know.

use super::{read, source};

/// The allowed edges: a crate, and the crates of ours that its `Cargo.toml` may name.
///
/// Everything points left in contract → domain → log → bus → views → services; a crate need not lean
/// on its neighbour, so that the build is wide.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("contract", &[]),
    ("domain", &[]),
    ("access", &["domain"]),
    ("exchange", &["domain"]),
    ("log", &["contract", "domain"]),
    ("bus", &["log", "contract"]),
    ("views", &["log", "domain"]),
    ("api", &["contract", "domain", "access", "exchange", "log", "views"]),
    ("portal", &["contract", "access"]),
    (
        "onward",
        &["contract", "domain", "access", "exchange", "log", "bus", "views", "api", "portal"],
    ),
];

/// At most so many packages: few but real crates.
const PACKAGES: usize = 12;

/// What the domain may lean on: values, and nothing that runs, stores, sends, tells time or rolls dice.
const PURE: [&str; 6] = ["jiff", "uuid", "thiserror", "serde", "toml", "csv"];

/// Clocks and chance, as they would be called.
const IMPURE_CALLS: [&str; 8] =
    ["::now(", "now_v7(", "new_v4(", "SystemTime", "std::fs", "std::net", "std::env", "async fn"];

/// Edges that the table does not have, and crates that it does not know.
pub(super) fn faults() -> Vec<String> {
    let mut faults = Vec::new();
    let crates = crates();
    if crates.len() + 1 > PACKAGES {
        faults.push(format!("{} packages, more than {PACKAGES}", crates.len() + 1));
    }
    for name in &crates {
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| known == name) else {
            faults.push(format!("services/{name} is not in the table"));
            continue;
        };
        for dependency in dependencies(name) {
            let ours = dependency.strip_prefix("onward-");
            if let Some(ours) = ours.filter(|ours| !allowed.contains(ours)) {
                faults.push(format!("services/{name} → services/{ours} is not allowed"));
            }
        }
    }
    faults
}

/// Crates and calls in the domain that would make its tests need a machine.
pub(super) fn impurities() -> Vec<String> {
    let crates = dependencies("domain").into_iter().filter(|name| !PURE.contains(&name.as_str()));
    let mut faults: Vec<_> =
        crates.map(|name| format!("services/domain/Cargo.toml leans on {name}")).collect();
    for source in source::all().iter().filter(|s| s.path.starts_with("services/domain/src/")) {
        let shipped = source.code.lines().take(source.shipped_lines()).enumerate();
        for (line, text) in shipped {
            let calls = IMPURE_CALLS.iter().filter(|call| text.contains(**call));
            faults.extend(calls.map(|call| format!("{}:{}: {call}", source.path, line + 1)));
        }
    }
    faults
}

/// Dependencies of the workspace without a line that says what they are for.
pub(super) fn unexplained() -> Vec<String> {
    let manifest = read("Cargo.toml");
    let mut before = "";
    let mut inside = false;
    let mut faults = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
        } else if inside && line.contains(" = ") && !line.starts_with(['#', ' ']) {
            let ours = line.starts_with("onward-");
            if !ours && !before.starts_with('#') {
                faults.push(format!("Cargo.toml: {line}"));
            }
        }
        before = line;
    }
    faults
}

/// The crates under `services`.
pub(super) fn crates() -> Vec<String> {
    let manifests = source::files("services").into_iter();
    let names = manifests.filter_map(|path| {
        let name = path.strip_prefix("services/")?.strip_suffix("/Cargo.toml")?;
        (!name.contains('/')).then(|| name.to_owned())
    });
    names.collect()
}

/// What a crate needs to be built and run; what only its own tests need is not an edge.
fn dependencies(name: &str) -> Vec<String> {
    let manifest = read(&format!("services/{name}/Cargo.toml"));
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            inside = section.contains("dependencies") && !section.contains("dev-dependencies");
            // The long form: [dependencies.name]
            let long = section.trim_end_matches(']').rsplit_once("dependencies.");
            found.extend(long.filter(|_| inside).map(|(_, name)| name.to_owned()));
        } else if inside && !line.starts_with('#') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            found.extend((!name.is_empty()).then(|| name.to_owned()));
        }
    }
    found
}
