//! Compiles `proto/onward/**` in pure Rust; fails when a method does not say who may call it.

#[path = "build/derive.rs"]
mod derive;
#[path = "build/faults.rs"]
mod faults;
#[path = "build/rules.rs"]
mod rules;

use prost_reflect::DescriptorPool;
use std::{
    env,
    error::Error,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo:rerun-if-changed={}", root.display());
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=build.rs");
    let mut files = Vec::new();
    find_protos(&root.join("onward"), &mut files)?;
    files.sort();

    let served = compile(&root, &files, false)?;
    let pool = served.descriptor_pool();
    refuse_unruled(&pool)?;
    fs::write(out.join("contract.bin"), served.encode_file_descriptor_set())?;
    // The generated code keeps the comments; what every process decodes at its start does not.
    generate(&compile(&root, &files, true)?, &pool)?;
    append(&pool, &out)
}

fn find_protos(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_protos(&path, found)?;
        } else if path.extension().is_some_and(|ext| ext == "proto") {
            found.push(path);
        }
    }
    Ok(())
}

fn compile(root: &Path, files: &[PathBuf], comments: bool) -> Result<protox::Compiler> {
    let mut compiler = protox::Compiler::new([root.to_owned(), root.join("vendor")])?;
    compiler.include_imports(true).include_source_info(comments);
    // Debug has the line and the column of a fault, Display the bare message.
    compiler.open_files(files).map_err(|fault| format!("{fault:?}"))?;
    Ok(compiler)
}

fn refuse_unruled(pool: &DescriptorPool) -> Result<()> {
    let faults = faults::faults(pool);
    for fault in &faults {
        println!("cargo::error={fault}");
    }
    if faults.is_empty() { Ok(()) } else { Err("a method is open to anybody".into()) }
}

fn generate(compiler: &protox::Compiler, pool: &DescriptorPool) -> Result<()> {
    let mut set = compiler.file_descriptor_set();
    // Options only: no message refers to the rules of validation, and their code would be large.
    set.file.retain(|file| file.package() != "buf.validate");
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure()
        .include_file("contract.rs")
        .skip_debug(derive::secretive(pool))
        .compile_fds_with_config(set, config)?;
    Ok(())
}

fn append(pool: &DescriptorPool, out: &Path) -> Result<()> {
    for (package, text) in derive::additions(pool) {
        let path = out.join(format!("{package}.rs"));
        let mut file = fs::OpenOptions::new().append(true).open(path)?;
        file.write_all(text.as_bytes())?;
    }
    Ok(())
}
