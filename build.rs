//! Migrations are embedded by a macro that cargo cannot see through; without this line a new one is silently left out.
fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
