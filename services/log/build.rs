//! The migrations are embedded by a macro that cannot say which files it read.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
