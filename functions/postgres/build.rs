//! Links the binary at a fixed address.

fn main() {
    // A position-independent binary needs some 14,000 relocations at each start, which is
    // most of the time beyond hello-world. See infra/adr/0004-small-binaries.md.
    println!("cargo:rustc-link-arg-bins=-no-pie");
    println!("cargo:rerun-if-changed=build.rs");
}
