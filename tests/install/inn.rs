//! A folder to install into, a release to install from and a way to run the script: what every story of
//! `tests/install.rs` needs, and nothing that knows what the outcome should be.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

/// Everything that the script may call besides what its own shell brings.
pub const TOOLS: &[&str] = &[
    "cat",
    "chmod",
    "cmp",
    "cp",
    "cut",
    "dirname",
    "id",
    "ls",
    "mkdir",
    "mktemp",
    "mv",
    "rm",
    "sed",
    "sha256sum",
    "stty",
    "tail",
    "uname",
];

/// What the example settings of a made-up release say.
pub const EXAMPLE: &str = "# every key, explained\n";

/// A temporary folder with `release/`, `root/`, `home/` and `tools/` in it, gone when dropped.
pub struct Inn {
    pub folder: PathBuf,
}

/// The files and folders below a path, with their modes (files: and texts).
pub type Tree = BTreeMap<String, (u32, String)>;

impl Inn {
    /// A fresh one with a whole release of version `1` in it.
    pub fn new() -> Self {
        Self::named("inn")
    }

    /// A fresh one whose path holds `name`.
    pub fn named(name: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("install {} {number}", std::process::id())).join(name);
        let _ = fs::remove_dir_all(&folder);
        for part in ["release", "root/usr/local/bin", "root/etc/systemd/system", "home", "tools", "tmp"] {
            fs::create_dir_all(folder.join(part)).unwrap();
        }
        let inn = Self { folder };
        inn.release("1");
        for tool in TOOLS {
            symlink(found(tool), inn.path("tools").join(tool)).unwrap();
        }
        inn
    }

    pub fn path(&self, part: &str) -> PathBuf {
        self.folder.join(part)
    }

    pub fn write(&self, part: &str, text: &str) -> PathBuf {
        let path = self.path(part);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// An executable shell script.
    pub fn script(&self, part: &str, body: &str) -> PathBuf {
        let path = self.path(part);
        // A name of its own: the tool may be a link to the real one, which must not be written through.
        let _ = fs::remove_file(&path);
        self.write(part, &format!("#!/bin/sh\n{body}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub fn read(&self, part: &str) -> String {
        fs::read_to_string(self.path(part)).unwrap_or_else(|error| panic!("{part}: {error}"))
    }

    pub fn exists(&self, part: &str) -> bool {
        self.path(part).symlink_metadata().is_ok()
    }

    /// (Re)writes the release with binaries of this version, and its checksums.
    pub fn release(&self, version: &str) {
        for architecture in ["x86_64", "aarch64"] {
            self.script(&binary(architecture), &format!("echo innkeeper {version} {architecture}"));
        }
        for unit in ["innkeeper.service", "innkeeper-user.service"] {
            let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(unit);
            fs::copy(shipped, self.path("release").join(unit)).unwrap();
        }
        self.write("release/config.example.toml", EXAMPLE);
        self.sums();
    }

    /// (Re)writes the checksums of whatever lies in the release.
    pub fn sums(&self) {
        let mut names: Vec<_> =
            fs::read_dir(self.path("release")).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.retain(|path| !path.ends_with("SHA256SUMS"));
        names.sort();
        let sums = Command::new(found("sha256sum"))
            .args(names.iter().map(|path| path.file_name().unwrap()))
            .current_dir(self.path("release"))
            .output()
            .unwrap();
        fs::write(self.path("release/SHA256SUMS"), sums.stdout).unwrap();
    }

    /// Runs the repository's script in `sh` with these words; `{}` stands for this inn's folder.
    pub fn run(&self, words: &[&str]) -> Ran {
        self.run_in(&[&found("sh").to_string_lossy()], &install_script(), words)
    }

    /// The system installation below `root/`, from the release.
    pub fn install(&self, more: &[&str]) -> Ran {
        self.run(&[&["--system", "--root", "{}/root", "--from", "{}/release"], more].concat())
    }

    /// The same for one user, in `home/`, without `--root`; tests never reach a terminal, so the token is given.
    pub fn install_for_user(&self, more: &[&str]) -> Ran {
        self.write("my token", "user.token.value\n");
        self.run(&[&["--user", "--from", "{}/release", "--token-file", "{}/my token"], more].concat())
    }

    pub fn uninstall(&self, more: &[&str]) -> Ran {
        self.run(&[&["--uninstall", "--system", "--root", "{}/root"], more].concat())
    }

    pub fn run_in(&self, shell: &[&str], script: &Path, words: &[&str]) -> Ran {
        let here = self.folder.to_string_lossy();
        let mut command = Command::new(shell[0]);
        command.args(&shell[1..]).arg(script).args(words.iter().map(|word| word.replace("{}", &here)));
        Ran::from(self.around(&mut command).output().unwrap())
    }

    /// The surroundings of every run: our tools alone, our home, no terminal as standard input.
    pub fn around<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env_clear()
            .env("PATH", self.path("tools"))
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .current_dir(self.path("home"))
            .stdin(Stdio::null())
    }

    pub fn tree(&self, part: &str) -> Tree {
        let mut tree = Tree::new();
        list(&self.path(part), "", &mut tree);
        tree
    }
}

impl Drop for Inn {
    fn drop(&mut self) {
        // The number's folder, one above the name's.
        let _ = fs::remove_dir_all(self.folder.parent().unwrap());
    }
}

/// How a run ended and what it said.
pub struct Ran {
    pub code: i32,
    pub said: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        Self { code: output.status.code().unwrap_or(-1), said }
    }
}

impl Ran {
    #[track_caller]
    pub fn well(self) -> String {
        assert_eq!(self.code, 0, "{}", self.said);
        self.said
    }

    /// It ended with this code and said these words.
    #[track_caller]
    pub fn refused(self, code: i32, words: &str) {
        assert_eq!(self.code, code, "{}", self.said);
        assert!(self.said.contains(words), "it should have said {words:?}, but said: {}", self.said);
    }
}

/// Where a made-up binary lies in the release.
pub fn binary(architecture: &str) -> String {
    format!("release/innkeeper-{architecture}-linux-musl")
}

pub fn install_script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("install.sh")
}

/// A program of this machine by its name.
pub fn found(tool: &str) -> PathBuf {
    find(tool).unwrap_or_else(|| panic!("this machine has no {tool}"))
}

pub fn find(tool: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(tool)).find(|path| path.is_file())
}

fn list(folder: &Path, prefix: &str, tree: &mut Tree) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let mode = entry.metadata().unwrap().permissions().mode() & 0o7777;
        if entry.file_type().unwrap().is_dir() {
            tree.insert(name.clone(), (mode, String::new()));
            list(&entry.path(), &format!("{name}/"), tree);
        } else if entry.file_type().unwrap().is_symlink() {
            tree.insert(name, (mode, fs::read_link(entry.path()).unwrap().to_string_lossy().into_owned()));
        } else {
            tree.insert(name, (mode, fs::read_to_string(entry.path()).unwrap()));
        }
    }
}
