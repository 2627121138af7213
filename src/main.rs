//! The binary: hands over to the command line.

use std::process::ExitCode;

/// musl's own allocator made the gateway's loop three times as dear. SQLite asks the C library, for which this stands
/// in as well (`override`): musl gave a few pages back to the system and took them again with every change of a row.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    innkeeper::cli::main()
}
