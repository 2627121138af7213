"""A client of Smarter Dev's API as strict as its bot's own, against a running bot.

What it is strict about: every object becomes a dataclass, so that one key too many or too few fails; times are read by
`fromisoformat`; a token is kept until a minute before its end and then fetched anew; at most three requests are under
way; what breaks or answers 5xx is asked again after 2, 4 and 8 seconds, whatever the method; what is none is not sent,
but for `id` and `case_number`; no redirect is followed.

Needs httpx, and in the environment:
INNKEEPER_URL    where the bot is, such as http://127.0.0.1:8080, with `wires.smarter_dev`
INNKEEPER_KEY    a key with the scopes `write` and `moderate`
INNKEEPER_GUILD  the server that the key is for; without it, the first one
tests/wire/run gives the address as an argument instead; then a key is made with the demo's own program.
"""

import asyncio
import dataclasses
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Optional

import httpx

URL = (os.environ.get("INNKEEPER_URL") or sys.argv[1]).rstrip("/")
IN_FLIGHT_MAX = 3
POOL_MAX = 5
TIMEOUT_SECONDS = 30
TRIES = 3
FIRST_WAIT_SECONDS = 2
EARLY_SECONDS = 60
SENT_AS_NULL = ("id", "case_number")
ALL_AT_ONCE = 20


def key():
    """The key to show: the given one, or a new one of the demo that tests/wire/run has started."""
    if os.environ.get("INNKEEPER_KEY"):
        return os.environ["INNKEEPER_KEY"]
    store = os.path.join(os.environ["WIRE_FOLDER"], "data", "innkeeper.db")
    command = [os.environ["WIRE_BINARY"], "key", "create", "--name", f"smart-{time.time_ns()}"]
    command += ["--scope", "write", "--scope", "moderate"]
    made = subprocess.run(command, env={**os.environ, "INNKEEPER_STORE__PATH": store}, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return next(word for word in made.stdout.split() if word.startswith("ink_"))


@dataclass
class Guild:
    id: Optional[int]
    discord_id: int
    name: str
    icon_url: Optional[str] = None
    joined_at: Optional[datetime] = None
    created_at: Optional[datetime] = None


@dataclass
class DiscordUser:
    id: Optional[int]
    discord_id: int
    username: str
    discriminator: Optional[str] = None
    avatar_url: Optional[str] = None
    created_at: Optional[datetime] = None


@dataclass
class Kudos:
    id: Optional[int]
    giver_id: int
    receiver_id: int
    guild_id: int
    amount: int = 1
    reason: Optional[str] = None
    awarded_at: Optional[datetime] = None


@dataclass
class UserWarning:
    id: Optional[int]
    user_id: int
    mod_id: int
    guild_id: int
    reason: Optional[str] = None
    warned_at: Optional[datetime] = None


@dataclass
class ModerationCase:
    id: Optional[int]
    case_number: Optional[int]
    guild_id: int
    user_id: int
    mod_id: int
    action: str
    reason: Optional[str] = None
    created_at: Optional[datetime] = None
    duration_sec: Optional[int] = None
    resolved_at: Optional[datetime] = None
    resolution_note: Optional[str] = None


def written(thing):
    """A dataclass as it is sent."""
    body = {}
    for name, value in dataclasses.asdict(thing).items():
        if isinstance(value, datetime):
            body[name] = value.isoformat()
        elif value is not None or name in SENT_AS_NULL:
            body[name] = value
    return body


def read(model, found):
    """A dataclass of what came: nothing is left out, nothing added, and times have no offset."""
    names = [field.name for field in dataclasses.fields(model)]
    assert list(found) == names, (model, list(found))
    values = dict(found)
    for name, value in found.items():
        if name.endswith("_at") and value:
            values[name] = datetime.fromisoformat(value)
            assert values[name].tzinfo is None, found
    return model(**values)


class APIClient:
    def __init__(self, base_url, api_key):
        self.api_key, self.token, self.good_until = api_key, None, 0.0
        self.places, self.lock = asyncio.Semaphore(IN_FLIGHT_MAX), asyncio.Lock()
        limits = httpx.Limits(max_connections=POOL_MAX, max_keepalive_connections=POOL_MAX)
        self.http = httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT_SECONDS, limits=limits)

    async def get_token(self):
        async with self.lock:
            if self.token is None or time.monotonic() >= self.good_until:
                answer = await self.http.post("/api/auth/token", json={"api_key": self.api_key})
                if answer.status_code != 200:
                    raise Exception(f"Failed to get token: {answer.status_code} {answer.text}")
                given = answer.json()
                assert set(given) == {"token", "expires_in"} and given["expires_in"] > EARLY_SECONDS, given
                self.token, self.good_until = given["token"], time.monotonic() + given["expires_in"] - EARLY_SECONDS
        return self.token

    async def ask(self, method, path, query=None, thing=None):
        body = written(thing) if dataclasses.is_dataclass(thing) else thing
        async with self.places:
            for nth in range(TRIES + 1):
                head = {"Authorization": f"Bearer {await self.get_token()}", "Content-Type": "application/json"}
                try:
                    answer = await self.http.request(method, path, params=query, json=body, headers=head)
                    if answer.status_code < 500:
                        break
                except httpx.TransportError:
                    if nth == TRIES:
                        raise
                await asyncio.sleep(FIRST_WAIT_SECONDS * 2**nth)
        if answer.status_code >= 400:
            raise Exception(f"API request failed with status {answer.status_code}: {answer.text}")
        return answer.json()

    async def many(self, path, name, model, **filters):
        query = {key: value for key, value in filters.items() if value}
        if "resolved" in filters and filters["resolved"] is not None:
            query["resolved"] = str(filters["resolved"]).lower()
        found = await self.ask("GET", path, query)
        assert list(found) == [name], found
        return [read(model, one) for one in found[name]]

    async def one(self, method, path, model, thing=None):
        return read(model, await self.ask(method, path, thing=thing))

    async def get_guilds(self):
        return await self.many("/api/guilds", "guilds", Guild)

    async def get_guild(self, guild_id):
        return await self.one("GET", f"/api/guilds/{guild_id}", Guild)

    async def create_guild(self, guild):
        return await self.one("POST", "/api/guilds", Guild, guild)

    async def update_guild(self, guild):
        return await self.one("PUT", f"/api/guilds/{guild.id}", Guild, guild)

    async def get_users(self):
        return await self.many("/api/users", "users", DiscordUser)

    async def get_user(self, user_id):
        return await self.one("GET", f"/api/users/{user_id}", DiscordUser)

    async def create_user(self, user):
        return await self.one("POST", "/api/users", DiscordUser, user)

    async def update_user(self, user):
        return await self.one("PUT", f"/api/users/{user.id}", DiscordUser, user)

    async def get_kudos(self, guild_id=None, user_id=None, giver_id=None, receiver_id=None):
        filters = {"guild_id": guild_id, "user_id": user_id, "giver_id": giver_id, "receiver_id": receiver_id}
        return await self.many("/api/kudos", "kudos", Kudos, **filters)

    async def get_kudos_detail(self, kudos_id):
        return await self.one("GET", f"/api/kudos/{kudos_id}", Kudos)

    async def create_kudos(self, kudos):
        return await self.one("POST", "/api/kudos", Kudos, kudos)

    async def get_warnings(self, guild_id=None, user_id=None, mod_id=None):
        filters = {"guild_id": guild_id, "user_id": user_id, "mod_id": mod_id}
        return await self.many("/api/warnings", "warnings", UserWarning, **filters)

    async def get_warning_detail(self, warning_id):
        return await self.one("GET", f"/api/warnings/{warning_id}", UserWarning)

    async def create_warning(self, warning):
        return await self.one("POST", "/api/warnings", UserWarning, warning)

    async def get_moderation_cases(self, guild_id=None, user_id=None, mod_id=None, action=None, resolved=None):
        filters = {"guild_id": guild_id, "user_id": user_id, "mod_id": mod_id, "action": action, "resolved": resolved}
        return await self.many("/api/moderation-cases", "cases", ModerationCase, **filters)

    async def get_moderation_case(self, case_id):
        return await self.one("GET", f"/api/moderation-cases/{case_id}", ModerationCase)

    async def create_moderation_case(self, case):
        return await self.one("POST", "/api/moderation-cases", ModerationCase, case)

    async def update_moderation_case(self, case):
        return await self.one("PUT", f"/api/moderation-cases/{case.id}", ModerationCase, case)

    async def close(self):
        await self.http.aclose()


async def fails(status, text, call):
    """That this fails as the client's own exception says it."""
    try:
        await call
    except Exception as error:
        assert str(error) == f'API request failed with status {status}: {{"error":"{text}"}}', error
    else:
        raise AssertionError(f"this should have failed: {text}")


async def guilds_and_users(client):
    """Guilds and users, made, changed, listed; a guild that all else is about, and two users."""
    known = await client.get_guilds()
    wanted = int(os.environ.get("INNKEEPER_GUILD") or known[0].id)
    guild = await client.get_guild(wanted)
    assert guild in known and guild.id == guild.discord_id == wanted
    same = await client.create_guild(Guild(id=None, discord_id=guild.discord_id, name="another"))
    assert same == guild, "what is known stays as it is"
    await fails(404, "Guild not found", client.get_guild(5))
    number = time.time_ns()
    users = []
    for nth in range(2):
        user = await client.create_user(DiscordUser(id=None, discord_id=number + nth, username=f"Zoë {nth}"))
        assert user == await client.get_user(user.id) and user.id == number + nth
        users.append(user)
    user = dataclasses.replace(users[0], username="Zoe", discriminator="0042", avatar_url="https://a.example/z.png")
    users[0] = await client.update_user(user)
    assert users[0] == user, users[0]
    found = await client.get_users()
    assert all(user in found for user in users)
    await fails(404, "User not found", client.get_user(5))
    return guild, users


async def told_guild(client):
    """A guild that the bot is not in; a key for one guild may not tell of it."""
    told = Guild(id=None, discord_id=time.time_ns(), name="Elsewhere", joined_at=datetime.now())
    try:
        made = await client.create_guild(told)
    except Exception as error:
        assert "403" in str(error), error
        return
    changed = await client.update_guild(dataclasses.replace(made, name="Near", icon_url="https://a.example/i.png"))
    assert changed == dataclasses.replace(made, name="Near", icon_url="https://a.example/i.png")
    assert changed == await client.get_guild(made.id)


async def kudos(client, guild, giver, receiver):
    given = Kudos(id=None, giver_id=giver.id, receiver_id=receiver.id, guild_id=guild.id, amount=5, reason="tea & cake")
    made = await client.create_kudos(given)
    assert made == await client.get_kudos_detail(made.id)
    assert (made.amount, made.reason) == (5, "tea & cake")
    for filters in [{"user_id": receiver.id}, {"giver_id": giver.id}, {"receiver_id": receiver.id}]:
        assert (await client.get_kudos(**filters))[0] == made, filters
    # Others in the guild may have thanked somebody since.
    assert made in await client.get_kudos(guild_id=guild.id)
    assert await client.get_kudos(giver_id=receiver.id) == []
    await fails(404, "Kudos not found", client.get_kudos_detail(999_999_999))


async def warnings(client, guild, user, moderator):
    warning = UserWarning(id=None, user_id=user.id, mod_id=moderator.id, guild_id=guild.id, reason="loud")
    made = await client.create_warning(warning)
    assert made == await client.get_warning_detail(made.id)
    assert await client.get_warnings(guild.id, user.id, moderator.id) == [made]
    await fails(404, "Warning not found", client.get_warning_detail(999_999_999))


async def cases(client, guild, user, moderator):
    case = ModerationCase(
        id=None,
        case_number=None,
        guild_id=guild.id,
        user_id=user.id,
        mod_id=moderator.id,
        action="timeout",
        reason="spam",
        duration_sec=3_600,
    )
    made = await client.create_moderation_case(case)
    assert made == await client.get_moderation_case(made.id) and made.duration_sec == 3_600 and made.resolved_at is None
    assert await client.get_moderation_cases(user_id=user.id, action="timeout", resolved=False) == [made]
    settled = dataclasses.replace(made, resolved_at=datetime(2026, 2, 1, 10, 30), resolution_note="served", reason="x")
    settled = await client.update_moderation_case(settled)
    assert settled == dataclasses.replace(made, resolved_at=datetime(2026, 2, 1, 10, 30), resolution_note="served")
    with_offset = timezone(timedelta(hours=2))
    again = dataclasses.replace(settled, resolved_at=datetime(2026, 2, 1, 12, 30, tzinfo=with_offset))
    assert await client.update_moderation_case(again) == settled
    assert await client.get_moderation_cases(user_id=user.id, action="timeout", resolved=True) == [settled]
    # As many as there may be under way, and more that wait.
    many = await asyncio.gather(*(client.create_moderation_case(case) for _ in range(ALL_AT_ONCE)))
    assert len({case.case_number for case in many}) == ALL_AT_ONCE and len({case.id for case in many}) == ALL_AT_ONCE
    await fails(404, "Moderation case not found", client.get_moderation_case(999_999_999))
    nothing = {"guild_id": guild.id, "user_id": user.id}
    await fails(400, "Missing required field: mod_id", client.ask("POST", "/api/moderation-cases", thing=nothing))


async def example(api_key):
    """What the document shows first: a client, all guilds, all users, and its end."""
    client = APIClient(f"{URL}/smarter-dev", api_key)
    try:
        guilds = await client.get_guilds()
        print(f"Found {len(guilds)} guilds")
        users = await client.get_users()
        print(f"Found {len(users)} users")
    finally:
        await client.close()
    assert guilds


async def raw(api_key):
    """What a client without a token is answered, and how a key may be shown."""
    async with httpx.AsyncClient(base_url=f"{URL}/smarter-dev") as http:
        for head, words in [
            ({}, "Missing Authorization header"),
            ({"Authorization": "Basic x"}, "Invalid Authorization header format"),
            ({"Authorization": "Bearer x"}, "Invalid or expired token"),
        ]:
            answer = await http.get("/api/nothing", headers=head)
            assert (answer.status_code, answer.json()) == (401, {"error": words}), answer.text
        for path in ("/api/auth/token", "/api/auth/token/"):
            answer = await http.post(path, json={"api_key": api_key})
            assert answer.status_code == 200, answer.text
        assert (await http.get("/api/auth/token")).json() == {"error": "Method not allowed"}
        assert (await http.post("/api/auth/token", json={})).json() == {"error": "Missing API key"}
        wrong = await http.post("/api/auth/token", json={"api_key": "wrong"})
        assert (wrong.status_code, wrong.json()) == (401, {"error": "Invalid API key"}), wrong.text
    async with httpx.AsyncClient(base_url=f"{URL}/k/{api_key}/smarter-dev") as http:
        assert (await http.get("/api/guilds/")).status_code == 200


async def main():
    api_key = key()
    await raw(api_key)
    await example(api_key)
    client = APIClient(f"{URL}/smarter-dev", api_key)
    try:
        guild, users = await guilds_and_users(client)
        await told_guild(client)
        await kudos(client, guild, *users)
        await warnings(client, guild, *users)
        await cases(client, guild, *users)
    finally:
        await client.close()
    print("smarter_dev.py: all 20 methods do what they say")


if __name__ == "__main__":
    asyncio.run(main())
