//! The targets: for each thing that parses a function that panics where a property does not hold.

mod csv;
mod ctf;
mod messages;
mod pages;
mod requests;
mod stored;
mod tokens;
mod wire;

/// Something that parses, and what must hold of it.
pub struct Target {
    /// Its name, and that of its folder in the corpus.
    pub name: &'static str,
    /// The property. Panics where it does not hold.
    pub run: fn(&[u8]),
    /// Inputs that are made and not kept.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// What the format is made of, for the mutator.
    pub words: &'static [&'static [u8]],
}

/// Every target of this package. The configuration is read by the binary, which tests it itself.
pub const TARGETS: [Target; 8] = [
    requests::TARGET,
    wire::TARGET,
    ctf::TARGET,
    csv::TARGET,
    stored::TARGET,
    messages::TARGET,
    tokens::TARGET,
    pages::TARGET,
];

/// The target of that name.
///
/// # Panics
/// There is none.
pub fn named(name: &str) -> &'static Target {
    let found = TARGETS.iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("no target is called {name}"))
}

/// No input of its own making.
fn none() -> Vec<Vec<u8>> {
    Vec::new()
}

/// The first line, and what follows it.
fn headed(bytes: &[u8]) -> (&str, &[u8]) {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (head, rest) = bytes.split_at(at);
    (std::str::from_utf8(head).unwrap_or_default(), rest.get(1..).unwrap_or_default())
}

/// The files of a folder of `tests/fixtures`.
fn fixtures(folder: &str) -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/").to_owned() + folder;
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = files.map(|file| file.path()).filter(|path| path.is_file()).collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}
