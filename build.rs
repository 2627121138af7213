//! Migrations are embedded by a macro that cargo cannot see through; without this line a new one is silently left out.
//!
//! The newest of them is told to the program: to find it among the embedded ones takes regular expressions, which a bot
//! whose database is up to date has no use for. Relocations are packed where the linker is the usual one: that is half
//! a megabyte less in the static binary and, since all of them are read at the start, in memory. Fonts are packed.

use std::io::Write;
use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=assets/fonts");
    if let Err(error) = pack_fonts() {
        println!("cargo:error=the fonts cannot be packed: {error}");
    }
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rustc-env=NEWEST_MIGRATION={}", newest_migration().unwrap_or(0));
    println!("cargo:rerun-if-env-changed=RUSTC_LINKER");
    let is_musl = std::env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "musl");
    // Another linker was chosen by somebody, for instance by cargo-zigbuild; it may not know the option.
    let is_usual_linker = std::env::var_os("RUSTC_LINKER").is_none();
    if is_musl && is_usual_linker {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Writes each `assets/fonts/NAME.ttf` as `NAME.ttf.zlib`, where the program finds it.
fn pack_fonts() -> std::io::Result<()> {
    let folder = std::env::var("OUT_DIR").map_err(std::io::Error::other)?;
    for entry in std::fs::read_dir("assets/fonts")? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".ttf") {
            let file = std::fs::File::create(Path::new(&folder).join(format!("{name}.zlib")))?;
            let mut packed = flate2::write::ZlibEncoder::new(file, flate2::Compression::best());
            packed.write_all(&std::fs::read(entry.path())?)?;
            packed.finish()?;
        }
    }
    Ok(())
}

/// The number of the newest file, `V<three digits>__<what>.sql`.
fn newest_migration() -> Option<u32> {
    let names = std::fs::read_dir("migrations").ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter_map(|name| name.strip_prefix('V')?.split_once("__")?.0.parse().ok()).max()
}
