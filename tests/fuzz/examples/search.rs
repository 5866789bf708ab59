//! A long search in one target, without the test binary:
//! `ONWARD_FUZZ=1000000 cargo run -p onward-fuzz --example search -- ctf`.

fn main() {
    for name in std::env::args().skip(1) {
        let target = onward_fuzz::targets::named(&name);
        onward_fuzz::replay(target);
        onward_fuzz::search(target);
    }
}
