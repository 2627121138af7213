//! The binary: hands over to the command line.

use std::process::ExitCode;

/// musl's own allocator made the gateway's loop three times as dear.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    innkeeper::cli::main()
}
