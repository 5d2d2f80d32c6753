//! Tells the extension how it was compiled, so that it can say so when it is imported.

fn main() {
    let level = std::env::var("OPT_LEVEL").unwrap_or_default();
    println!("cargo:rustc-env=DEPINVERIFY_OPT_LEVEL={level}");
    println!("cargo:rerun-if-changed=build.rs");
}
