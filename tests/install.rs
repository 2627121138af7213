//! Stories of `install.sh`: run as a person or a packager would, in a folder of its own, without root or network.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "install/inn.rs"]
mod inn;
#[path = "install/prefixes.rs"]
mod prefixes;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use inn::{EXAMPLE, Inn, binary, find, found, install_script};

const BIN: &str = "root/usr/local/bin/innkeeper";
const UNIT: &str = "root/etc/systemd/system/innkeeper.service";
const CONFIG: &str = "root/etc/innkeeper/innkeeper.toml";
const TOKEN: &str = "root/etc/innkeeper/token";

fn mode(inn: &Inn, part: &str) -> u32 {
    fs::metadata(inn.path(part)).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_fresh_system_gets_binary_unit_settings_and_example() {
    let inn = Inn::new();
    inn.install(&[]).well();
    assert!(inn.read(BIN).contains("innkeeper 1"));
    assert_eq!(mode(&inn, BIN), 0o755);
    assert!(inn.read(UNIT).contains("ExecStart=/usr/local/bin/innkeeper run --config /etc/innkeeper/innkeeper.toml\n"));
    assert!(inn.read(CONFIG).contains("token_file = \"/etc/innkeeper/token\""));
    assert!(inn.read(CONFIG).contains("path = \"/var/lib/innkeeper/innkeeper.db\""));
    assert_eq!(inn.read("root/etc/innkeeper/config.example.toml"), EXAMPLE);
    assert!(!inn.exists(TOKEN));
    assert_eq!(inn.tree("tmp").len(), 0, "it cleans up after itself");
}

#[test]
fn it_runs_alike_in_every_shell_that_is_here() {
    let candidates: [&[&str]; 4] = [&["sh"], &["dash"], &["bash"], &["busybox", "sh"]];
    for shell in candidates.into_iter().filter(|shell| find(shell[0]).is_some()) {
        let inn = Inn::new();
        let program = found(shell[0]).to_string_lossy().into_owned();
        let shell: Vec<&str> = std::iter::once(program.as_str()).chain(shell[1..].iter().copied()).collect();
        let words = ["--system", "--root", "{}/root", "--from", "{}/release"];
        inn.run_in(&shell, &install_script(), &words).well();
        let again = inn.run_in(&shell, &install_script(), &words).well();
        assert!(again.contains("nothing to do"), "{shell:?}: {again}");
        inn.run_in(&shell, &install_script(), &["--uninstall", "--purge", "--system", "--root", "{}/root"]).well();
        assert!(!inn.exists(BIN), "{shell:?}");
    }
}

#[test]
fn twice_is_once() {
    let inn = Inn::new();
    inn.install(&[]).well();
    let before = inn.tree("root");
    let said = inn.install(&[]).well();
    assert!(said.contains("everything is in place already"), "{said}");
    assert_eq!(inn.tree("root"), before);
}

#[test]
fn it_says_what_it_will_do_before_it_does_it() {
    let inn = Inn::new();
    let said = inn.install(&[]).well();
    let plan: Vec<&str> = said.lines().filter(|line| line.starts_with("  ")).collect();
    assert_eq!(plan.len(), 5, "{said}");
    assert!(plan[0].contains("make the folder") && plan[1].contains("place") && plan[4].contains("write"), "{said}");
}

#[test]
fn a_newer_release_replaces_the_binary_and_keeps_the_old_one() {
    let inn = Inn::new();
    inn.install(&[]).well();
    inn.release("2");
    inn.install(&[]).well();
    assert!(inn.read(BIN).contains("innkeeper 2"));
    assert!(inn.read("root/usr/local/bin/innkeeper.previous").contains("innkeeper 1"));
    inn.install(&[]).well();
    assert!(inn.read("root/usr/local/bin/innkeeper.previous").contains("innkeeper 1"), "the same again is no update");
}

#[test]
fn an_older_release_may_come_back() {
    let inn = Inn::new();
    inn.release("2");
    inn.install(&[]).well();
    inn.release("1");
    inn.install(&[]).well();
    assert!(inn.read(BIN).contains("innkeeper 1"));
    assert!(inn.read("root/usr/local/bin/innkeeper.previous").contains("innkeeper 2"));
}

#[test]
fn your_settings_are_never_overwritten() {
    let inn = Inn::new();
    inn.install(&[]).well();
    inn.write(CONFIG, "# mine\n");
    inn.release("2");
    inn.install(&[]).well();
    assert_eq!(inn.read(CONFIG), "# mine\n");
}

#[test]
fn an_edited_unit_stays_and_the_new_one_lies_beside_it() {
    let inn = Inn::new();
    inn.install(&[]).well();
    let edited = inn.read(UNIT).replace("MemoryMax=512M", "MemoryMax=1G");
    inn.write(UNIT, &edited);
    let said = inn.install(&[]).well();
    assert!(said.contains("leave your edited"), "{said}");
    assert_eq!(inn.read(UNIT), edited);
    assert!(inn.read(&format!("{UNIT}.new")).contains("MemoryMax=512M"));
    let said = inn.install(&[]).well();
    assert!(said.contains("nothing to do"), "{said}");
}

#[test]
fn an_unedited_unit_is_updated() {
    let inn = Inn::new();
    inn.install(&[]).well();
    let shipped = inn.read("release/innkeeper.service").replace("TasksMax=256", "TasksMax=300");
    inn.write("release/innkeeper.service", &shipped);
    inn.sums();
    inn.install(&[]).well();
    assert!(inn.read(UNIT).contains("TasksMax=300"));
    assert!(!inn.exists(&format!("{UNIT}.new")));
}

#[test]
fn the_token_is_for_its_owner_alone() {
    let inn = Inn::new();
    let token = inn.write("given", "a.b.c\n");
    fs::set_permissions(token, fs::Permissions::from_mode(0o644)).unwrap();
    let said = inn.install(&["--token-file", "{}/given"]).well();
    assert_eq!(inn.read(TOKEN), "a.b.c\n");
    assert_eq!(mode(&inn, TOKEN), 0o600);
    assert!(!said.contains("a.b.c"));
    let said = inn.install(&["--token-file", "{}/given"]).well();
    assert!(said.contains("nothing to do"), "{said}");
}

#[test]
fn a_token_open_to_others_is_closed() {
    let inn = Inn::new();
    inn.write("given", "a.b.c\n");
    inn.install(&["--token-file", "{}/given"]).well();
    fs::set_permissions(inn.path(TOKEN), fs::Permissions::from_mode(0o644)).unwrap();
    inn.install(&[]).well();
    assert_eq!((mode(&inn, TOKEN), inn.read(TOKEN)), (0o600, "a.b.c\n".to_owned()));
}

#[test]
fn a_new_token_replaces_the_old_one_and_an_empty_one_is_refused() {
    let inn = Inn::new();
    inn.write("given", "a.b.c\n");
    inn.install(&["--token-file", "{}/given"]).well();
    inn.write("given", "d.e.f\n");
    inn.install(&["--token-file", "{}/given"]).well();
    assert_eq!(inn.read(TOKEN), "d.e.f\n");
    inn.write("given", "");
    inn.install(&["--token-file", "{}/given"]).refused(1, "there is no token in");
    inn.install(&["--token-file", "{}/absent"]).refused(1, "there is no token in");
    assert_eq!(inn.read(TOKEN), "d.e.f\n");
}

/// What is spoilt, how, and what is said about it.
type Spoilt = (&'static str, fn(&Inn), &'static str);

#[test]
fn nothing_is_installed_without_its_checksum() {
    let spoil: [Spoilt; 8] = [
        ("no list", |inn| fs::remove_file(inn.path("release/SHA256SUMS")).unwrap(), "holds no SHA256SUMS"),
        ("an empty list", |inn| drop(inn.write("release/SHA256SUMS", "")), "names no innkeeper-"),
        ("a page instead of the list", |inn| drop(inn.write("release/SHA256SUMS", "<html>404</html>\n")), "names no"),
        ("another binary", |inn| drop(inn.write(&binary("x86_64"), "<html>404</html>")), "is not what SHA256SUMS says"),
        ("a short checksum", |inn| cut_sums(inn, 40), "no single whole SHA-256"),
        ("no checksum before the name", |inn| cut_sums(inn, 0), "names no innkeeper-"),
        ("two checksums of one name", |inn| twice_in_sums(inn), "no single whole SHA-256"),
        ("another unit", |inn| drop(inn.write("release/innkeeper.service", "[Unit]")), "is not what SHA256SUMS says"),
    ];
    for (what, spoil, words) in spoil {
        let inn = Inn::new();
        inn.script("tools/uname", "case $1 in -m) echo x86_64 ;; *) echo Linux ;; esac");
        spoil(&inn);
        let before = inn.tree("root");
        let ran = inn.install(&[]);
        assert!(ran.said.contains(words), "{what}: {}", ran.said);
        ran.refused(1, "");
        assert_eq!(inn.tree("root"), before, "{what}");
        assert_eq!(inn.tree("tmp").len(), 0, "{what}");
    }
}

fn cut_sums(inn: &Inn, chars: usize) {
    let cut: String =
        inn.read("release/SHA256SUMS").lines().map(|line| format!("{}  {}\n", &line[..chars], &line[66..])).collect();
    inn.write("release/SHA256SUMS", &cut);
}

fn twice_in_sums(inn: &Inn) {
    let sums = inn.read("release/SHA256SUMS");
    inn.write("release/SHA256SUMS", &format!("{sums}{sums}"));
}

#[test]
fn a_missing_binary_is_said_to_be_missing() {
    let inn = Inn::new();
    inn.script("tools/uname", "case $1 in -m) echo aarch64 ;; *) echo Linux ;; esac");
    fs::remove_file(inn.path(&binary("aarch64"))).unwrap();
    inn.install(&[]).refused(1, "holds no innkeeper-aarch64-linux-musl");
    inn.sums();
    inn.install(&[]).refused(1, "SHA256SUMS names no innkeeper-aarch64-linux-musl");
    assert!(!inn.exists("root/etc/innkeeper"));
}

#[test]
fn each_machine_gets_its_own_binary_or_a_reason() {
    for (machine, architecture) in
        [("x86_64", "x86_64"), ("amd64", "x86_64"), ("aarch64", "aarch64"), ("arm64", "aarch64")]
    {
        let inn = Inn::new();
        inn.script("tools/uname", &format!("case $1 in -m) echo {machine} ;; *) echo Linux ;; esac"));
        inn.install(&[]).well();
        assert!(inn.read(BIN).contains(&format!("innkeeper 1 {architecture}")), "{machine}");
    }
    let inn = Inn::new();
    inn.script("tools/uname", "case $1 in -m) echo armv7l ;; *) echo Linux ;; esac");
    inn.install(&[]).refused(1, "no release is made for armv7l: build it with --from-source");
    inn.script("tools/uname", "case $1 in -m) echo x86_64 ;; *) echo Darwin ;; esac");
    inn.install(&[]).refused(1, "releases are made for Linux");
}

#[test]
fn a_verified_binary_that_does_not_run_here_is_not_placed() {
    let inn = Inn::new();
    inn.install_for_user(&["--no-service"]).well();
    for architecture in ["x86_64", "aarch64"] {
        inn.script(&binary(architecture), "exit 126");
    }
    inn.sums();
    inn.install_for_user(&["--no-service"]).refused(1, "does not run on this machine");
    assert!(inn.read("home/.local/bin/innkeeper").contains("innkeeper 1"));
    assert!(inn.tree("home").keys().all(|name| !name.contains(".half.")), "{:?}", inn.tree("home").keys());
}

#[test]
fn one_user_needs_no_root() {
    let inn = Inn::new();
    let said = inn.install_for_user(&["--no-service"]).well();
    let home = inn.path("home").to_string_lossy().into_owned();
    // The folder's name has blanks in it, so the unit has to quote.
    let unit = inn.read("home/.config/systemd/user/innkeeper.service");
    let start =
        format!("ExecStart=\"{home}/.local/bin/innkeeper\" run --config \"{home}/.config/innkeeper/innkeeper.toml\"\n");
    assert!(unit.contains(&start), "{unit}");
    let config = inn.read("home/.config/innkeeper/innkeeper.toml");
    assert!(config.contains(&format!("path = \"{home}/.local/state/innkeeper/innkeeper.db\"")), "{config}");
    assert_eq!(mode(&inn, "home/.config/innkeeper"), 0o700);
    assert_eq!(mode(&inn, "home/.config/innkeeper/token"), 0o600);
    assert_eq!(mode(&inn, "home/.local/state/innkeeper"), 0o700);
    assert!(said.contains("run it with: "), "{said}");
    assert!(inn.install_for_user(&["--no-service"]).well().contains("nothing to do"));
}

#[test]
fn the_whole_machine_is_refused_to_a_plain_user() {
    let inn = Inn::new();
    inn.script("tools/id", "echo 1000");
    inn.run(&["--system", "--from", "{}/release"]).refused(1, "run it again with sudo, or with --user");
}

#[test]
fn blanks_and_other_places_are_no_trouble() {
    let inn = Inn::named("an inn | with & blanks");
    inn.install(&["--prefix", "/opt/the inn & co"]).well();
    assert!(inn.read("root/opt/the inn & co/bin/innkeeper").contains("innkeeper 1"));
    assert!(inn.read(UNIT).contains("ExecStart=\"/opt/the inn & co/bin/innkeeper\" run --config /etc/innkeeper/"));
    assert!(inn.install(&["--prefix", "/opt/the inn & co"]).well().contains("nothing to do"));
    inn.install(&["--prefix", "/opt/100%"]).refused(2, "cannot use a path with quotes");
    inn.install(&["--prefix", "opt"]).refused(2, "needs absolute paths, not opt");
}

#[test]
fn a_file_in_the_way_stops_it_before_it_begins() {
    let inn = Inn::new();
    inn.write("root/opt", "not a folder");
    let before = inn.tree("root");
    inn.install(&["--prefix", "/opt"]).refused(1, "is in the way");
    assert_eq!(inn.tree("root"), before);
}

#[test]
fn a_dry_run_changes_nothing() {
    let inn = Inn::new();
    let before = inn.tree("");
    let said = inn.install(&["--dry-run"]).well();
    assert!(said.contains("place ") && said.contains("nothing was changed"), "{said}");
    assert_eq!(inn.tree(""), before);
    inn.install(&[]).well();
    let before = inn.tree("");
    inn.uninstall(&["--purge", "--dry-run"]).well();
    inn.release("1");
    assert_eq!(inn.tree(""), before);
}

#[test]
fn uninstalling_keeps_settings_token_and_data_and_purging_leaves_nothing() {
    let inn = Inn::new();
    let before = inn.tree("root");
    inn.write("given", "a.b.c\n");
    inn.install(&["--token-file", "{}/given"]).well();
    inn.release("2");
    inn.install(&[]).well();
    inn.write("root/var/lib/innkeeper/innkeeper.db", "rows");
    fs::create_dir_all(inn.path("root/var/lib/private")).unwrap();
    inn.uninstall(&[]).well();
    let names: Vec<String> = inn.tree("root").into_keys().filter(|name| !before.contains_key(name)).collect();
    assert_eq!(
        names,
        [
            "etc/innkeeper",
            "etc/innkeeper/config.example.toml",
            "etc/innkeeper/innkeeper.toml",
            "etc/innkeeper/token",
            "var",
            "var/lib",
            "var/lib/innkeeper",
            "var/lib/innkeeper/innkeeper.db",
            "var/lib/private"
        ]
    );
    inn.uninstall(&["--purge"]).well();
    fs::remove_dir(inn.path("root/var/lib/private")).unwrap();
    fs::remove_dir(inn.path("root/var/lib")).unwrap();
    fs::remove_dir(inn.path("root/var")).unwrap();
    assert_eq!(inn.tree("root"), before);
    assert!(inn.uninstall(&["--purge"]).well().contains("nothing of it is here"));
}

#[test]
fn a_release_of_the_binary_alone_borrows_the_rest_from_the_tree_around_the_script() {
    let inn = Inn::new();
    for file in ["innkeeper.service", "innkeeper-user.service", "config.example.toml"] {
        fs::rename(inn.path("release").join(file), inn.path(&format!("tree {file}"))).unwrap();
    }
    inn.sums();
    let script = source_tree(&inn);
    let words = ["--system", "--root", "{}/root", "--from", "{}/release"];
    let shell = found("sh").to_string_lossy().into_owned();
    inn.run_in(&[&shell], &script, &words).well();
    assert_eq!(inn.read("root/etc/innkeeper/config.example.toml"), EXAMPLE);
    fs::remove_file(inn.path("tree/config.example.toml")).unwrap();
    inn.run_in(&[&shell], &script, &words).refused(1, "this is no whole release");
}

#[test]
fn in_a_release_folder_it_installs_that_release() {
    let inn = Inn::new();
    fs::copy(install_script(), inn.path("release/install.sh")).unwrap();
    let shell = found("sh").to_string_lossy().into_owned();
    inn.run_in(&[&shell], &inn.path("release/install.sh"), &["--system", "--root", "{}/root"]).well();
    assert!(inn.exists(BIN));
    inn.run(&["--system", "--root", "{}/root"]).refused(2, "needs --from");
}

#[test]
fn it_builds_from_source_where_there_is_a_toolchain() {
    let inn = Inn::new();
    let script = source_tree(&inn);
    let shell = found("sh").to_string_lossy().into_owned();
    let run = |words: &[&str]| {
        inn.run_in(&[&shell], &script, &[&["--system", "--root", "{}/root", "--from-source"], words].concat())
    };
    run(&[]).refused(1, "needs cargo");
    run(&["--built"]).refused(1, "leave --built out");
    inn.script(
        "tools/cargo",
        "[ \"$*\" = 'build --release --locked --target-dir target' ] || exit 9\n\
         mkdir -p target/release && echo 'echo built' >target/release/innkeeper",
    );
    run(&[]).refused(1, "needs cc");
    inn.script("tools/cc", "exit 0");
    run(&[]).well();
    assert_eq!(inn.read(BIN), "echo built\n");
    inn.script("tools/cargo", "exit 101");
    run(&[]).refused(1, "the build failed");
    assert!(run(&["--built"]).well().contains("nothing to do"));
}

#[test]
fn a_release_is_built_whole_with_the_licences_of_what_is_in_it() {
    let inn = Inn::new();
    let script = source_tree(&inn);
    let repository = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let build = "packaging/build-release";
    for file in [build, "LICENSE-MIT", "LICENSE-APACHE", "assets/fonts/OFL.txt"] {
        inn.write(&format!("tree/{file}"), &fs::read_to_string(repository.join(file)).unwrap());
    }
    inn.script("tools/musl-gcc", "exit 0");
    inn.script(
        "tools/cargo",
        "while [ $# -gt 0 ]; do case $1 in --target) target=$2 ;; esac; shift; done
        mkdir -p \"target/dist/$target/ship\" && echo 'echo innkeeper' >\"target/dist/$target/ship/innkeeper\"",
    );
    inn.script("tools/rustup", "exit 0");
    fs::create_dir_all(inn.path("home/.cargo")).unwrap();
    let shell = found("sh").to_string_lossy().into_owned();
    let said = inn.run_in(&[&shell], &inn.path("tree").join(build), &["{}/built"]).well();
    assert!(said.contains("left out: innkeeper-") && said.contains("(needs cargo-zigbuild)"), "{said}");
    let sums = inn.read("built/SHA256SUMS");
    let names: Vec<&str> = sums.lines().map(|line| line.split_once("  ").unwrap().1).collect();
    let rest: Vec<&str> = names.iter().copied().filter(|name| !name.ends_with("-linux-musl")).collect();
    let units = ["innkeeper-user.service", "innkeeper.service", "install.sh"];
    assert_eq!(rest.len(), names.len() - 1, "one binary: {names:?}");
    assert_eq!(rest, [&["LICENSE-APACHE", "LICENSE-MIT", "OFL.txt", "config.example.toml"][..], &units].concat());
    assert_eq!(inn.read("built/OFL.txt"), fs::read_to_string(repository.join("assets/fonts/OFL.txt")).unwrap());
    inn.run_in(&[&shell], &script, &["--system", "--root", "{}/root", "--from", "{}/built"]).well();
    assert_eq!(inn.read(BIN), "echo innkeeper\n");
}

/// A source tree with the repository's script in it.
fn source_tree(inn: &Inn) -> std::path::PathBuf {
    inn.write("tree/Cargo.toml", "");
    inn.write("tree/config.example.toml", EXAMPLE);
    for unit in ["innkeeper.service", "innkeeper-user.service"] {
        let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(unit);
        inn.write(&format!("tree/packaging/{unit}"), &fs::read_to_string(shipped).unwrap());
    }
    let script = inn.path("tree/install.sh");
    fs::copy(install_script(), &script).unwrap();
    script
}

/// Copies what the address names out of the release folder, as a server would hand it out.
const CURL: &str = r#"printf '%s\n' "$*" >>"$HOME/curl.log"
for word; do
    case $before in --output) out=$word ;; esac
    before=$word address=$word
done
[ -f "$HOME/../release/${address##*/}" ] || exit 22
exec cp "$HOME/../release/${address##*/}" "$out""#;

#[test]
fn it_downloads_over_https_alone_and_with_limits() {
    let inn = Inn::new();
    let install = |from: &str| inn.run(&["--system", "--root", "{}/root", "--from", from]);
    install("https://example.org/innkeeper/1/").refused(1, "needs curl");
    inn.script("tools/curl", &format!("before=''\n{CURL}"));
    install("http://example.org/innkeeper/1").refused(1, "over https only");
    assert!(!inn.exists("home/curl.log"));
    install("https://example.org/innkeeper/1/").well();
    assert!(inn.read(BIN).contains("innkeeper 1"));
    for line in inn.read("home/curl.log").lines() {
        assert!(line.starts_with("--proto =https --tlsv1.2 --fail ") && line.contains(" --retry 3 "), "{line}");
        assert!(line.contains(" --max-time ") && line.contains(" https://example.org/innkeeper/1/"), "{line}");
    }
    fs::remove_file(inn.path("release/SHA256SUMS")).unwrap();
    install("https://example.org/innkeeper/1").refused(1, "could not download SHA256SUMS");
}

#[test]
fn without_a_checksum_tool_nothing_is_fetched() {
    let inn = Inn::new();
    fs::remove_file(inn.path("tools/sha256sum")).unwrap();
    inn.install(&[]).refused(1, "needs sha256sum or shasum");
    assert!(!inn.exists("root/etc/innkeeper"));
}

/// Remembers in `home/` what it was told, and answers accordingly.
const SYSTEMCTL: &str = r#"printf '%s\n' "$*" >>"$HOME/systemctl.log"
case $* in
*is-enabled*) [ -e "$HOME/enabled" ] ;;
*is-active*) [ -e "$HOME/active" ] ;;
*disable*) rm "$HOME/enabled" "$HOME/active" ;;
*enable*) : >"$HOME/enabled" ;;
*start*) : >"$HOME/active" ;;
esac"#;

/// What the made-up systemd was told to do, without the questions it was asked.
fn told(inn: &Inn) -> Vec<String> {
    let log = inn.read("home/systemctl.log");
    fs::remove_file(inn.path("home/systemctl.log")).unwrap();
    log.lines().filter(|line| !line.contains(" is-") && !line.contains(" show ")).map(str::to_owned).collect()
}

#[test]
fn systemd_is_told_what_changed_and_nothing_else() {
    let inn = Inn::new();
    inn.script("tools/systemctl", SYSTEMCTL);
    inn.install_for_user(&[]).well();
    assert_eq!(
        told(&inn),
        ["--user daemon-reload", "--user --quiet enable innkeeper.service", "--user start innkeeper.service"]
    );
    inn.install_for_user(&[]).well();
    assert_eq!(told(&inn), Vec::<String>::new());
    inn.release("2");
    inn.install_for_user(&[]).well();
    assert_eq!(told(&inn), ["--user restart innkeeper.service"]);
    inn.run(&["--uninstall", "--user"]).well();
    assert_eq!(told(&inn), ["--user --quiet disable --now innkeeper.service", "--user daemon-reload"]);
}

#[test]
fn without_a_systemd_that_answers_it_says_how_to_run() {
    let inn = Inn::new();
    inn.script("tools/systemctl", "exit 1");
    let said = inn.install_for_user(&[]).well();
    assert!(said.contains("systemd is not used here; run it with: "), "{said}");
}

#[test]
fn wrong_words_are_code_2() {
    let inn = Inn::new();
    for (words, why) in [
        (&["--from"][..], "--from needs a value"),
        (&["--frm", "x"], "does not know --frm"),
        (&["--from", "x", "--from-source"], "not both"),
        (&["--purge"], "--purge goes with --uninstall"),
        (&["--built", "--from", "x"], "--built goes with --from-source"),
        (&[], "needs --from"),
    ] {
        inn.run(words).refused(2, why);
    }
    assert!(inn.run(&["--help"]).well().contains("usage: install.sh"));
}
