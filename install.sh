#!/bin/sh
# Installs Innkeeper from a release folder, a release address or this source tree; `--help` says how.
#
# It refuses to guess: no download without https, no binary without its checksum, no password, no sudo of its own, no
# edited file overwritten. Plain POSIX sh: dash, busybox and bash run it alike.
#
# Where `a && b || c` stands here, c ends the script; and `act` calls functions by name, which shellcheck cannot see.
# shellcheck disable=SC2015,SC2317,SC2329

{ # A shell runs nothing of these braces before it has read the last one: a download that was cut off does nothing.
set -u

usage() {
    cat <<'EOF'
usage: install.sh --from FOLDER|https://ADDRESS [options]   a release: binary, units and SHA256SUMS
       install.sh --from-source [--built] [options]         build this source tree with cargo first (needs cargo and cc)
       install.sh --uninstall [--purge] [options]           remove it; --purge removes settings, token and data as well

  --system            for the whole machine: /usr/local/bin, /etc/innkeeper, /var/lib/innkeeper (default for root)
  --user              for you alone: ~/.local/bin, ~/.config/innkeeper, ~/.local/state/innkeeper (default otherwise)
  --prefix DIR        the program goes to DIR/bin
  --root DIR          write everything below DIR and start nothing (for packagers and tests)
  --token-file FILE   take the bot's token from FILE; without it you are asked, where there is a terminal
  --built             with --from-source: take target/release/innkeeper as it is, do not build
  --no-service        place the files, leave systemd alone
  --dry-run           say what would be done, change nothing
  --help              this text

In a folder that holds SHA256SUMS, `--from` may be left out. Nothing is done before it has been said.
EOF
}

say() { printf '%s\n' "$*"; }
warn() { printf 'install.sh: %s\n' "$*" >&2; }
die() {
    warn "$*"
    exit 1
}
wrong_usage() {
    warn "$* (--help says how)"
    exit 2
}
need() { command -v "$1" >/dev/null 2>&1 || die "needs $1${2:+: $2}"; }

read_options() {
    mode='' from='' source='' built='' prefix='' root='' token_from='' service=yes dry='' verb=setup purge=''
    while [ $# -gt 0 ]; do
        case $1 in
        --from | --prefix | --root | --token-file)
            [ $# -ge 2 ] && [ -n "$2" ] || wrong_usage "$1 needs a value"
            case $1 in
            --from) from=$2 ;;
            --prefix) prefix=$2 ;;
            --root) root=${2%/} ;;
            --token-file) token_from=$2 ;;
            esac
            shift
            ;;
        --from-source) source=yes ;;
        --built) built=yes ;;
        --system | --user) mode=${1#--} ;;
        --no-service) service='' ;;
        --dry-run) dry=yes ;;
        --uninstall) verb=uninstall ;;
        --purge) purge=yes ;;
        --help | -h)
            usage
            exit 0
            ;;
        *) wrong_usage "does not know $1" ;;
        esac
        shift
    done
    [ -z "$from" ] || [ -z "$source" ] || wrong_usage "takes --from or --from-source, not both"
    [ -z "$purge" ] || [ "$verb" = uninstall ] || wrong_usage "--purge goes with --uninstall"
    [ -z "$built" ] || [ -n "$source" ] || wrong_usage "--built goes with --from-source"
}

choose_places() {
    if [ -z "$mode" ]; then
        if [ "$(id -u)" = 0 ]; then mode=system; else mode=user; fi
    fi
    if [ "$mode" = system ]; then
        [ "$(id -u)" = 0 ] || [ -n "$root" ] || [ -n "$dry" ] ||
            die "the whole machine needs root: run it again with sudo, or with --user for you alone"
        bin=${prefix:-/usr/local}/bin/innkeeper
        config_dir=/etc/innkeeper config_mode=755
        state_dir=/var/lib/innkeeper
        unit_dir=/etc/systemd/system unit_name=innkeeper.service
        shipped_bin=/usr/local/bin/innkeeper shipped_config=/etc/innkeeper/innkeeper.toml
    else
        [ -n "${HOME:-}" ] || die "needs HOME to be set"
        bin=${prefix:-$HOME/.local}/bin/innkeeper
        config_dir=${XDG_CONFIG_HOME:-$HOME/.config}/innkeeper config_mode=700
        state_dir=${XDG_STATE_HOME:-$HOME/.local/state}/innkeeper
        unit_dir=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user unit_name=innkeeper-user.service
        shipped_bin=%h/.local/bin/innkeeper shipped_config=%E/innkeeper/innkeeper.toml
    fi
    config=$config_dir/innkeeper.toml token=$config_dir/token unit=$unit_dir/innkeeper.service
    for chosen in "$bin" "$config_dir" "$state_dir" ${root:+"$root"}; do check_place "$chosen"; done
}

# The unit and the settings quote these paths, and neither format could carry such a one unharmed.
check_place() {
    case $1 in
    /*) ;;
    *) wrong_usage "needs absolute paths, not $1" ;;
    esac
    case $1 in
    *[\"\'\\%\$]* | *[[:cntrl:]]*) wrong_usage "cannot use a path with quotes, backslashes, % or \$ in it: $1" ;;
    esac
}

# ---- Gathering: everything is fetched and verified in a folder of its own before anything is changed.

choose_source() {
    here=''
    case $0 in
    */install.sh | install.sh) here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) ;;
    esac
    if [ -n "$source" ]; then
        [ -n "$here" ] && [ -f "$here/Cargo.toml" ] || die "--from-source works in a source tree, beside Cargo.toml"
    elif [ -z "$from" ]; then
        [ -n "$here" ] && [ -f "$here/SHA256SUMS" ] || wrong_usage "needs --from FOLDER|ADDRESS or --from-source"
        from=$here
    fi
}

gather() {
    choose_checksum_tool
    need mktemp
    stage=$(mktemp -d) || die "cannot make a temporary folder"
    if [ -n "$source" ]; then gather_source; else gather_release; fi
    render_unit
}

gather_release() {
    case $(uname -s) in
    Linux) ;;
    *) die "releases are made for Linux; elsewhere build it with --from-source" ;;
    esac
    machine=$(uname -m)
    case $machine in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    *) die "no release is made for $machine: build it with --from-source" ;;
    esac
    case $from in
    https://*) need curl "to download from $from" ;;
    *://*) die "downloads over https only, not from $from" ;;
    *) [ -d "$from" ] || die "there is no folder $from" ;;
    esac
    take SHA256SUMS
    take_verified "innkeeper-$machine-linux-musl" innkeeper
    take_listed "$unit_name" "packaging/$unit_name" unit.shipped
    take_listed config.example.toml config.example.toml config.example.toml
}

# take NAME [AS]: a file of the release, not yet verified.
take() {
    case $from in
    https://*)
        curl --proto '=https' --tlsv1.2 --fail --silent --show-error --location --retry 3 --connect-timeout 20 \
            --max-time 600 --output "$stage/${2:-$1}" "${from%/}/$1" || die "could not download $1 from $from"
        ;;
    *)
        [ -f "$from/$1" ] || die "$from holds no $1"
        cp -- "$from/$1" "$stage/${2:-$1}" || die "could not copy $from/$1"
        ;;
    esac
}

take_verified() {
    wanted=$(listed "$1")
    [ -n "$wanted" ] || die "SHA256SUMS names no $1: nothing is installed unverified"
    case $wanted in
    *[!0-9a-f]*) wanted='' ;;
    esac
    [ ${#wanted} -eq 64 ] || die "SHA256SUMS gives no single whole SHA-256 for $1"
    take "$1" "$2"
    found=$(checksum <"$stage/$2")
    [ "$found" = "$wanted" ] ||
        die "$1 is not what SHA256SUMS says (wanted $wanted, found $found): nothing was installed"
}

# A release carries these too; a folder with the binary alone borrows them from the source tree around this script.
take_listed() {
    if [ -n "$(listed "$1")" ]; then
        take_verified "$1" "$3"
    elif [ -n "$here" ] && [ -f "$here/$2" ]; then
        cp -- "$here/$2" "$stage/$3" || die "could not copy $here/$2"
    else
        die "SHA256SUMS names no $1: this is no whole release"
    fi
}

listed() {
    while read -r listed_sum listed_name; do
        case $listed_name in
        "$1" | "*$1") printf '%s' "$listed_sum" ;;
        esac
    done <"$stage/SHA256SUMS"
}

choose_checksum_tool() {
    if command -v sha256sum >/dev/null 2>&1; then
        sum_tool=sha256sum
    elif command -v shasum >/dev/null 2>&1; then
        sum_tool='shasum -a 256'
    else
        die "needs sha256sum or shasum: nothing is installed unverified"
    fi
}

checksum() {
    # Two words where the tool is shasum.
    # shellcheck disable=SC2086
    $sum_tool | cut -d ' ' -f 1
}

gather_source() {
    cp -- "$here/packaging/$unit_name" "$stage/unit.shipped" || die "could not copy $here/packaging/$unit_name"
    cp -- "$here/config.example.toml" "$stage/config.example.toml" || die "could not copy $here/config.example.toml"
    if [ -z "$built" ]; then
        need cargo "the Rust toolchain. Built it as another user? Then add --built"
        need cc "a C compiler, for SQLite and ring"
        say "Building in $here: cargo build --release --locked"
        [ -z "$dry" ] || return 0
        (cd -- "$here" && cargo build --release --locked --target-dir target) || die "the build failed"
    fi
    [ -f "$here/target/release/innkeeper" ] || die "there is no $here/target/release/innkeeper: leave --built out"
    cp -- "$here/target/release/innkeeper" "$stage/innkeeper" || die "could not copy the binary"
}

# The shipped unit with this installation's paths, and a last line by which a later run knows that nobody edited it.
render_unit() {
    sed -e "s|$shipped_bin|$(quoted "$bin")|; s|$shipped_config|$(quoted "$config")|" \
        "$stage/unit.shipped" >"$stage/unit.body" || die "could not write the unit"
    { cat "$stage/unit.body" && printf '%s%s\n' "$STAMP" "$(checksum <"$stage/unit.body")"; } >"$stage/unit" ||
        die "could not write the unit"
}

# For systemd (a path with blanks stands in quotes) and for the right side of sed's s|||.
quoted() {
    case $1 in
    *[[:space:]]*) printf '"%s"' "$1" ;;
    *) printf '%s' "$1" ;;
    esac | sed 's/[&|]/\\&/g'
}

STAMP='# Written by install.sh; an edited unit is left alone. SHA-256 of the lines above: '

# ---- Acting: `steps` runs twice, first to say what differs from what is wanted, then to do exactly that.

setup() {
    choose_source
    gather
    check_writable
    reach_systemd
    pass=plan changes=0
    say "Innkeeper, $mode installation${root:+ below $root}:"
    steps
    if [ "$changes" -eq 0 ]; then
        say "  everything is in place already, nothing to do"
    elif [ -n "$dry" ]; then
        say "(dry run: nothing was changed)"
    else
        pass=act
        steps
        say "Done."
    fi
    [ -n "$dry" ] || say_next
}

steps() {
    fresh='' reload='' token_comes=''
    step_folder "$config_dir" "$config_mode"
    # systemd makes the folder of a system service itself, for that service's own user.
    if [ "$mode" = user ] || { [ -z "$systemd" ] && [ -z "$root" ]; }; then step_folder "$state_dir" 700; fi
    step_binary
    step_reference
    step_config
    step_token
    step_unit
    [ -z "$systemd" ] || step_service
}

# act WORDS COMMAND…: says the words in the first pass, runs the command in the second.
act() {
    changes=$((changes + 1))
    if [ "$pass" = plan ]; then
        say "  $1"
    else
        words=$1
        shift
        "$@" || die "could not $words"
    fi
}

step_folder() {
    [ -d "$root$1" ] || act "make the folder $root$1" new_folder "$1" "$2"
}

new_folder() { mkdir -p -- "$root$1" && chmod "$2" "$root$1"; }

step_binary() {
    if [ -f "$stage/innkeeper" ] && [ -x "$root$bin" ] && cmp -s "$stage/innkeeper" "$root$bin"; then return 0; fi
    fresh=yes
    if [ -e "$root$bin" ]; then
        act "replace $root$bin, keeping the old one as innkeeper.previous" swap_binary
    else
        act "place $root$bin" place "$stage/innkeeper" "$root$bin" 755
    fi
}

# The old one is copied, not moved: at no moment is there no binary.
swap_binary() {
    place "$root$bin" "$root$bin.previous" 755 && place "$stage/innkeeper" "$root$bin" 755
}

# place FILE AT MODE: whole or not at all; a binary is tried before it takes its place.
place() {
    mkdir -p -- "$(dirname -- "$2")" || return 1
    half=$2.half.$$
    cp -- "$1" "$half" && chmod "$3" "$half" && { [ "$2" != "$root$bin" ] || runs "$half"; } && mv -f -- "$half" "$2"
}

# Below --root it may be another machine's binary.
runs() {
    [ -n "$root" ] || "$1" version >/dev/null 2>&1 || {
        warn "the binary is the one that was promised, but it does not run on this machine"
        return 1
    }
}

step_reference() {
    cmp -s "$stage/config.example.toml" "$root$config_dir/config.example.toml" ||
        act "write $root$config_dir/config.example.toml: every setting, explained" \
            place "$stage/config.example.toml" "$root$config_dir/config.example.toml" 644
}

# The first settings hold only what differs from the defaults, so that better defaults arrive with an update.
step_config() {
    [ -e "$root$config" ] || act "write $root$config: your settings, never overwritten" first_config
}

first_config() {
    cat >"$stage/innkeeper.toml" <<EOF
# Your settings. Every key with its default and a sentence stands in config.example.toml beside this file.
[discord]
token_file = "$token"

[store]
path = "$state_dir/innkeeper.db"
EOF
    place "$stage/innkeeper.toml" "$root$config" 644
}

step_token() {
    if [ -n "$token_from" ]; then
        [ -s "$token_from" ] || die "there is no token in $token_from"
        token_comes=yes
        if ! cmp -s "$token_from" "$root$token"; then
            fresh=yes
            act "copy the bot's token from $token_from to $root$token, for its owner's eyes alone" \
                place_token "$token_from"
        fi
    elif [ ! -e "$root$token" ] && can_ask; then
        token_comes=yes
        act "ask for the bot's token and keep it in $root$token, for its owner's eyes alone" ask_for_it
    fi
    if [ -e "$root$token" ] && open_to_others "$root$token"; then
        act "close $root$token to other readers" chmod 600 "$root$token"
    fi
}

# The copy is closed from its first byte on.
place_token() {
    umask 077
    place "$1" "$root$token" 600
    placed=$?
    umask 022
    return "$placed"
}

open_to_others() {
    case $(ls -ld -- "$1") in
    -r[w-]-------*) return 1 ;;
    esac
}

can_ask() { [ -z "$root$dry" ] && (: </dev/tty) 2>/dev/null; }

# Never from the arguments or the environment, which other users and crash reports can see.
ask_for_it() {
    asking=yes answer=''
    stty -echo </dev/tty
    printf "The bot's token (it stays hidden; Enter alone leaves it for later): " >/dev/tty
    IFS= read -r answer </dev/tty
    stty echo </dev/tty
    printf '\n' >/dev/tty
    asking=''
    [ -n "$answer" ] || return 0
    printf '%s\n' "$answer" >"$stage/token" && place_token "$stage/token"
}

step_unit() {
    if [ ! -e "$root$unit" ] || unedited "$root$unit"; then
        cmp -s "$stage/unit" "$root$unit" && return 0
        reload=yes
        act "write $root$unit" place "$stage/unit" "$root$unit" 644
    elif ! cmp -s "$stage/unit" "$root$unit.new"; then
        act "leave your edited $root$unit alone and put the new one beside it as innkeeper.service.new" \
            place "$stage/unit" "$root$unit.new" 644
    fi
}

unedited() {
    [ "$(tail -n 1 "$1")" = "$STAMP$(sed '$d' "$1" | checksum)" ] || cmp -s "$1" "$stage/unit.shipped"
}

# ---- systemd

# Asking the manager something trivial tells whether there is one, for this user and mode.
reach_systemd() {
    systemd=''
    [ -n "$service" ] && [ -z "$root" ] || return 0
    command -v systemctl >/dev/null 2>&1 && ctl show --property=Version >/dev/null 2>&1 && systemd=yes
    return 0
}

ctl() { if [ "$mode" = user ]; then systemctl --user "$@"; else systemctl "$@"; fi; }

step_service() {
    [ -z "$reload" ] || act "tell systemd about the unit" ctl daemon-reload
    ctl --quiet is-enabled innkeeper.service 2>/dev/null ||
        act "let systemd start it from now on" ctl --quiet enable innkeeper.service
    if [ ! -e "$root$token" ] && { [ "$pass" = act ] || [ -z "$token_comes" ]; }; then
        return 0
    elif ! ctl --quiet is-active innkeeper.service; then
        act "start it" ctl start innkeeper.service
    elif [ -n "$fresh$reload" ]; then
        act "restart it" ctl restart innkeeper.service
    fi
}

say_next() {
    if [ ! -e "$root$token" ]; then
        say "Still missing: the bot's token. Put it into $token (mode 600), or run this again with --token-file FILE."
    fi
    if [ -n "$systemd" ] && [ "$mode" = user ]; then
        say "How it fares: systemctl --user status innkeeper. For it to outlive your login: loginctl enable-linger"
    elif [ -n "$systemd" ]; then
        say "How it fares: systemctl status innkeeper"
    elif [ -z "$root" ]; then
        say "systemd is not used here; run it with: $bin run --config $config"
    fi
}

# ---- Uninstalling

uninstall() {
    reach_systemd
    pass=plan changes=0
    say "Removing Innkeeper, $mode installation${root:+ below $root}:"
    removals
    if [ "$changes" -eq 0 ]; then
        say "  nothing of it is here"
    elif [ -n "$dry" ]; then
        say "(dry run: nothing was changed)"
    else
        pass=act
        removals
        say "Done."
    fi
    [ -n "$purge" ] || [ ! -d "$root$config_dir" ] || say "Kept: $config_dir and $state_dir (--purge removes them)."
}

removals() {
    if [ -n "$systemd" ] && [ -e "$unit" ]; then
        reload=yes
        act "stop it, and let systemd start it no more" ctl --quiet disable --now innkeeper.service
    fi
    for gone in "$unit" "$unit.new" "$bin" "$bin.previous"; do
        [ ! -e "$root$gone" ] || act "remove $root$gone" rm -f -- "$root$gone"
    done
    [ -z "${reload:-}" ] || act "tell systemd about it" ctl daemon-reload
    [ -n "$purge" ] || return 0
    # systemd keeps a system service's data in private/, with a link to it.
    for gone in "$config_dir" "$state_dir" "${state_dir%/*}/private/innkeeper"; do
        if [ -e "$root$gone" ] || [ -L "$root$gone" ]; then act "remove $root$gone" rm -rf -- "$root$gone"; fi
    done
}

# ---- Around it all

# The nearest folder that exists decides, before anything is changed.
check_writable() {
    [ -z "$dry" ] || return 0
    for target in "$bin" "$config" "$unit"; do
        folder=$root${target%/*}
        while [ ! -d "$folder/" ]; do
            [ ! -e "$folder" ] || die "$folder is in the way, as it is no folder: nothing was installed"
            folder=${folder%/*}
        done
        [ -w "$folder/" ] || die "cannot write in $folder/: nothing was installed"
    done
}

tidy_up() {
    [ -z "$stage" ] || rm -rf -- "$stage"
    [ -z "$half" ] || rm -f -- "$half"
    [ -z "$asking" ] || stty echo </dev/tty
}

main() {
    stage='' half='' asking=''
    read_options "$@"
    choose_places
    umask 022
    trap tidy_up EXIT
    trap 'exit 130' INT TERM HUP
    if [ "$verb" = uninstall ]; then uninstall; else setup; fi
}

main "$@"; exit 0; }
