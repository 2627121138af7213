//! A download may be cut off anywhere, and a shell runs what it has read: no beginning of the script may do anything.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use super::inn::{Inn, TOOLS, find, found, install_script};

/// Commands that the script may call besides its tools; here all of them only note that they were called.
const MORE: &[&str] = &["cargo", "cc", "curl", "find", "install", "ln", "shasum", "sudo", "systemctl", "tee", "touch"];

/// What stands at the end matters most: what is run there, if anything, is run with the wrong words.
const LAST_BYTES: usize = 200;

/// With `INSTALL_PREFIXES=all` in the environment every byte is a place to cut at, in every shell that is here.
#[test]
fn no_beginning_of_the_script_does_anything() {
    let script = fs::read(install_script()).unwrap();
    // Without the last line's end it is the whole script already.
    let end = script.len() - 1;
    let all = std::env::var_os("INSTALL_PREFIXES").is_some_and(|which| which == "all");
    for name in ["sh", "bash", "busybox"] {
        let Some(shell) = find(name) else { continue };
        let cuts = match name {
            _ if all => (0..end).collect(),
            "sh" => around_line_ends(&script[..end]),
            _ => (end - LAST_BYTES..end).collect(),
        };
        thread::scope(|scope| {
            for half in cuts.chunks(cuts.len().div_ceil(2)) {
                scope.spawn(|| run_each(&script, half, &shell.to_string_lossy()));
            }
        });
    }
}

#[test]
fn the_watch_for_beginnings_would_notice() {
    let inn = Inn::new();
    stubs(&inn);
    let script = fs::read(install_script()).unwrap();
    run_cut(&inn, &script, &found("sh").to_string_lossy());
    assert!(inn.exists("called"), "the whole script calls something");
}

fn run_each(script: &[u8], cuts: &[usize], shell: &str) {
    let inn = Inn::new();
    stubs(&inn);
    let before = inn.tree("");
    for cut in cuts {
        run_cut(&inn, &script[..*cut], shell);
        let called = fs::read_to_string(inn.path("called")).unwrap_or_default();
        assert_eq!(called, "", "{shell}: the first {cut} bytes call commands");
    }
    assert_eq!(inn.tree(""), before, "{shell}: something was written");
}

/// As `curl … | sh -s -- …` does it.
fn run_cut(inn: &Inn, beginning: &[u8], shell: &str) {
    let mut command = Command::new(shell);
    inn.around(&mut command);
    if Path::new(shell).ends_with("busybox") {
        command.arg("sh");
    }
    let words = ["-s", "--", "--user", "--from", "../release", "--token-file", "../token"];
    let mut child =
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // A shell that has seen enough may close its end.
    let _ = child.stdin.take().unwrap().write_all(beginning);
    child.wait().unwrap();
}

fn stubs(inn: &Inn) {
    for tool in TOOLS.iter().chain(MORE) {
        inn.script(&format!("tools/{tool}"), "echo \"$0 $*\" >>\"$HOME/../called\"; exit 1");
    }
}

fn around_line_ends(script: &[u8]) -> Vec<usize> {
    let ends = (0..script.len()).filter(|at| script[*at] == b'\n');
    let mut cuts: Vec<usize> =
        ends.flat_map(|end| [end, end + 1, end + 2]).chain(script.len() - LAST_BYTES..script.len()).collect();
    cuts.retain(|cut| *cut < script.len());
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}
