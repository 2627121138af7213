"""Starts a demo, makes its principals, and runs Schemathesis as each of them. `packaging/fuzz-api` calls it."""

import argparse
import html
import itertools
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
KEPT = HERE.parent / "target" / "fuzz-api"
SCHEMATHESIS = pathlib.Path(sys.executable).with_name("schemathesis")
TOKEN = "demo.token.of-the-simulated-discord"
ALL = ["read", "write", "moderate", "chat", "admin"]
READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 20
ROUND_SECONDS_MAX = 1800
# In one round, per route and phase; what is missing to the cases that were asked for, further rounds bring.
EXAMPLES_MAX = 100
# Going through every value of every schema takes about so many cases: who wants fewer gets those made at random.
COVERAGE_CASES = 5_000
LINES_SHOWN_MAX = 120
# Streams do not end, and a socket is no answer: tests/api/events.rs is about both.
STREAMS = ["/events", "/events/ws"]
# What refuses a request that is wrong: what the check knows by itself, and that it was longer than is read.
REFUSALS = [400, 401, 403, 404, 405, 406, 409, 413, 414, 415, 422, 428, 429, 431]
# The check that credentials matter has to know which of the headers they are: so the cookie goes a way of its own.
COOKIE = "FUZZ_API_COOKIE"
# Which round this is: wrong keys are counted by where they come from, so no round may come from where another did.
ROUND = "FUZZ_API_ROUND"
# What one caller may ask in a second is tried elsewhere; here it would be all that is tried.
ENVIRONMENT = {
    "INNKEEPER_HTTP__READS_PER_SECOND": "1000000",
    "INNKEEPER_HTTP__WRITES_PER_SECOND": "1000000",
    "INNKEEPER_HTTP__TRUSTED_PROXIES": '["127.0.0.1"]',
}


class Failed(Exception):
    """In words."""


def fetch(address, headers=None, body=None):
    """The answer's text, and its headers. Nothing is followed, and no proxy is between."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    request = urllib.request.Request(address, data=body, headers=headers or {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.read().decode(), answer.headers
    except urllib.error.HTTPError as answer:
        if answer.code in (302, 303):
            return answer.read().decode(), answer.headers
        raise Failed(f"{address} answered {answer.code}: {answer.read().decode()[:200]}") from None


def form(**fields):
    return urllib.parse.urlencode(fields).encode()


def until(seconds, what, attempt):
    """What the attempt gives, once it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := attempt():
            return found
        time.sleep(0.2)
    raise Failed(f"not in {seconds} s: {what}")


class Demo:
    """A demo in a folder of its own."""

    def __init__(self, binary, folder):
        self.binary, self.folder, self.rounds = binary, folder, itertools.count()
        self.out, self.log = folder / "out", folder / "log"
        with self.out.open("w") as out, self.log.open("w") as log:
            arguments = ["--listen", "127.0.0.1:0", "--data", str(folder / "data"), "--members", "20", "--speed", "10"]
            arguments.append("--no-rate-limits")
            environment = {**ENVIRONMENT, "HOME": str(folder)}
            self.process = subprocess.Popen([binary, "demo", *arguments], stdout=out, stderr=log, env=environment)
        try:
            self.pages = self.line("ready")
            self.discord = self.line("discord")
            self.finder = self.key("finder", ["read"])
            self.guild = until(READY_SECONDS_MAX, "a guild", self.find_guild)
        except BaseException:
            self.process.kill()
            raise

    def line(self, word):
        def attempt():
            if self.process.poll() is not None:
                raise Failed(f"the demo ended: {self.log.read_text()[-2000:]}")
            found = re.search(rf"^{word} (http://[^/\s]+)", self.out.read_text(), re.M)
            return found and found.group(1)

        return until(READY_SECONDS_MAX, f"the demo's line {word!r}", attempt)

    def rest(self, path):
        """What the simulated Discord says."""
        return json.loads(fetch(f"{self.discord}/api/v10{path}", {"Authorization": f"Bot {TOKEN}"})[0])

    def find_guild(self):
        guilds = self.ask("/api/guilds")["items"]
        return guilds and guilds[0]["guild_id"]

    def ask(self, path):
        return json.loads(fetch(self.pages + path, bearer(self.finder))[0])

    def run(self, *arguments):
        environment = {"INNKEEPER_STORE__PATH": str(self.folder / "data" / "innkeeper.db"), "HOME": str(self.folder)}
        done = subprocess.run([self.binary, *arguments], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"innkeeper {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def key(self, name, scopes, *more):
        return self.run("key", "create", "--name", name, *more, "--scope", *scopes)

    def sign_in(self, user, channel):
        """The headers of a page of ours in this member's browser, who types /login for it."""
        said = form(member=user, channel=channel, text="/login")
        fetch(f"{self.discord}/say", {"Origin": self.discord}, said)

        def attempt():
            page = html.unescape(fetch(f"{self.discord}/?member={user}&channel={channel}")[0])
            links = re.findall(rf"{self.pages}(/login/[0-9a-f]+)", page)
            return links and links[-1]

        link = until(READY_SECONDS_MAX, f"a link for {user}", attempt)
        _, headers = fetch(self.pages + link, {"Origin": self.pages}, form())
        cookie = headers["Set-Cookie"].split(";")[0]
        page = fetch(self.pages + "/", {"Cookie": cookie, "Accept": "text/html", "User-Agent": "Mozilla/5.0"})[0]
        word = re.search(r'name="word" value="([^"]+)"', page).group(1)
        return {COOKIE: cookie, "Origin": self.pages, "X-Form-Word": word}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failed("the demo does not stop on SIGTERM") from None
        if code != 0:
            raise Failed(f"the demo ended with code {code}")

    def faults(self):
        """Faults of ours in the log."""
        return [line for line in self.log.read_text().splitlines() if "ERROR" in line or "panicked" in line]


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def principals(demo, people, channel):
    """Every kind of principal: a name, and the headers that it sends along."""
    member, moderator, admin = people
    everything = demo.key("everything", ALL)
    yield "none", {}
    yield "wrong", bearer("ink_0000000000000000000000000000000000000000000")
    for scope in ALL:
        yield scope, bearer(demo.key(scope, [scope]))
    yield "everything", bearer(everything)
    shown = json.dumps({"api_key": everything}).encode()
    given = fetch(f"{demo.pages}/api/token", {"Content-Type": "application/json"}, shown)[0]
    yield "token", bearer(json.loads(given)["token"])
    expired = demo.key("expired", ALL, "--expires", "1s")
    revoked = demo.key("revoked", ALL)
    demo.run("key", "revoke", "revoked")
    yield "expired", bearer(expired)
    yield "revoked", bearer(revoked)
    yield "elsewhere", bearer(demo.key("elsewhere", ALL, "--guild", "77"))
    impersonate = demo.key("impersonate", [*ALL, "impersonate"])
    for name, user in [("member", member), ("moderator", moderator), ("admin", admin)]:
        yield f"as-{name}", {**bearer(impersonate), "X-Act-As": user}
    for name, user in [("member", member), ("moderator", moderator), ("admin", admin)]:
        yield f"session-{name}", demo.sign_in(user, channel)


def choose_people(demo):
    """A member, a moderator and the owner; and others whom requests are about."""
    guild = demo.rest(f"/guilds/{demo.guild}")
    staff = {role["id"] for role in guild["roles"] if role["name"] in ("Admin", "Moderator")}
    moderators = {role["id"] for role in guild["roles"] if role["name"] == "Moderator"}
    people = [entry for entry in demo.rest(f"/guilds/{demo.guild}/members?limit=1000") if not entry["user"].get("bot")]
    plain = [entry["user"]["id"] for entry in people if not staff & set(entry["roles"])]
    plain = [user for user in plain if user != guild["owner_id"]]
    moderator = next(entry["user"]["id"] for entry in people if moderators & set(entry["roles"]))
    return (plain[0], moderator, guild["owner_id"]), plain[1:9], [role["id"] for role in guild["roles"]]


def write_settings(path, demo, headers, others, channels, roles, commands):
    """Schemathesis's settings. Most requests are about things that there are, as else all that is tried is the 404."""
    words = {
        "guild_id": [demo.guild],
        "user_id": others,
        "body.user_id": others,
        "body.receiver_id": others,
        "channel_id": channels,
        "body.role_id": roles,
        "number": [1, 2, 3, 4],
        "path.id": [1, 2, 3, 4],
        "name": commands,
    }
    lines = [f'hooks = "{HERE / "fuzz_api_hooks.py"}"', "[headers]"]
    lines += [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in headers.items() if name != COOKIE]
    lines += ["[checks]", f"negative_data_rejection.expected-statuses = {[str(status) for status in REFUSALS]}"]
    # Whoever asks is what the headers above say, and nobody else besides.
    lines += ["[generation]", "with-security-parameters = false", 'database = "none"']
    for number, values in enumerate(words.values()):
        lines += [f"[dictionaries.d{number}]", f"values = {json.dumps(values)}"]
    lines += ["[parameters]"]
    lines += [f'"{name}" = {{ dictionary = "d{number}", probability = 0.9 }}' for number, name in enumerate(words)]
    path.write_text("\n".join(lines) + "\n")


def run_once(demo, name, headers, phases, examples, seed, settings):
    """One round: the number of cases, how many right ones were done, and whether nothing was found."""
    report, output = settings.with_suffix(".json"), KEPT / f"{name}.txt"
    arguments = [str(SCHEMATHESIS), "--config-file", str(settings), "run", f"{demo.pages}/openapi.json"]
    arguments += ["--checks", "all", "--max-examples", str(examples), "--seed", str(seed), "--no-color"]
    arguments += ["--phases", phases, "--report", "json", "--report-json-path", str(report)]
    for path in STREAMS:
        arguments += ["--exclude-path", path]
    with output.open("w") as out:
        done = subprocess.run(
            arguments,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=demo.folder,
            env={**os.environ, "NO_PROXY": "*", COOKIE: headers.get(COOKIE, ""), ROUND: str(next(demo.rounds))},
            timeout=ROUND_SECONDS_MAX,
            check=False,
        )
    if not report.exists():
        raise Failed(f"schemathesis ended with {done.returncode} and no report:\n{output.read_text()[-2000:]}")
    told = json.loads(report.read_text())
    report.unlink()
    is_clean = done.returncode == 0 and not told["failures"] and not told["errors"] and told["complete"]
    rates = [rate for phases in told["valid_rates"].values() for rate in phases.values()]
    return told["test_cases"]["generated"], sum(rate["accepted"] for rate in rates), is_clean


def try_as(demo, name, headers, cases, seed, settings):
    """Rounds until there were enough cases; how many there were, how many were done, and how it ended."""
    operations = sum(len(methods) for methods in json.loads(fetch(demo.pages + "/openapi.json")[0])["paths"].values())
    had, done, began = 0, 0, time.monotonic()
    phases = "examples,coverage,fuzzing,stateful" if cases >= COVERAGE_CASES else "examples,fuzzing"
    while had < cases:
        examples = min(EXAMPLES_MAX, max(1, (cases - had) // operations))
        more, accepted, is_clean = run_once(demo, name, headers, phases, examples, seed, settings)
        had, done, seed, phases = had + more, done + accepted, seed + 1, "fuzzing"
        if not is_clean or demo.faults():
            output = (KEPT / f"{name}.txt").read_text()
            found = re.search(r"^=+ (?:FAILURES|ERRORS) =+$.*?(?=^=+ (?:WARNINGS|SUMMARY) =+$)", output, re.M | re.S)
            shown = (found.group(0) if found else output).splitlines()[:LINES_SHOWN_MAX]
            print("\n".join([*shown, *demo.faults()[:5]]), file=sys.stderr)
            return had, done, f"FAILED with the seed {seed - 1}; see {KEPT / name}.txt"
        if more == 0:
            raise Failed("schemathesis made no case")
    return had, done, f"passed in {time.monotonic() - began:.0f} s"


def main():
    parser = argparse.ArgumentParser(prog="packaging/fuzz-api")
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--cases", type=int, default=1000, help="for each principal, at least")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--principal", action="append", help="only this one; may be given several times")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    # Who ends this ends the demo with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("fuzz-api: ended"))
    wrong = False
    with tempfile.TemporaryDirectory(prefix="fuzz-api-") as folder:
        demo = Demo(options.binary.resolve(), pathlib.Path(folder))
        try:
            people, others, roles = choose_people(demo)
            channels = demo.rest(f"/guilds/{demo.guild}/channels")
            channels = [channel["id"] for channel in channels if channel["type"] == 0]
            known = demo.ask(f"/api/guilds/{demo.guild}/commands?limit=200")["items"]
            commands = [command["name"] for command in known]
            every = dict(principals(demo, people, channels[0]))
            if unknown := set(options.principal or []) - set(every):
                raise Failed(f"no principal {', '.join(unknown)}; there are {', '.join(every)}")
            for name in options.principal or every:
                settings = pathlib.Path(folder) / f"{name}.toml"
                write_settings(settings, demo, every[name], others, channels, roles, commands)
                cases, done, outcome = try_as(demo, name, every[name], options.cases, seed, settings)
                wrong = wrong or not outcome.startswith("passed")
                print(f"{name:18} {cases:7} cases, {done:6} done  {outcome}", flush=True)
            fetch(demo.pages + "/healthz")
        finally:
            demo.stop()
    sys.exit(1 if wrong else 0)


try:
    main()
except Failed as failed:
    sys.exit(f"fuzz-api: {failed}")
