//! How the binary is linked.

fn main() {
    // At a fixed address: a binary that can stand anywhere is corrected in some 14,000 places at each start, which is
    // most of what a start takes beyond hello-world. See infra/adr/0004-small-binaries.md.
    println!("cargo:rustc-link-arg-bins=-no-pie");
    println!("cargo:rerun-if-changed=build.rs");
}
