"""Mindtrace's own client against a running bot: the connection manager of the published package, its asynchronous
twins, and the requests of the document.

Needs Python 3.12 and what tests/wire/mindtrace.txt pins (`mindtrace-services` 0.16.0; 0.12.0 does as well), and in the
environment:
INNKEEPER_URL    where the bot is, such as http://127.0.0.1:8080; at this very computer, and with `wires.mindtrace_manager`
INNKEEPER_KEY    a key with the scope `write`
INNKEEPER_GUILD  the server that the key is for

It ends the bot nowhere: that `/shutdown` is refused is a part of it.
"""

import asyncio
import os
import sys
import tempfile

# This file is called like the package, and its folder is searched first.
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path = [folder for folder in sys.path if os.path.abspath(folder) != HERE]

# The package keeps logs in the home folder; and it builds the service's class on the client's side, for which there
# has to be a token, whatever it is.
HOME = tempfile.TemporaryDirectory(prefix="innkeeper-mindtrace-")
os.environ["HOME"] = HOME.name
os.environ["MINDTRACE_API_KEYS__DISCORD"] = "none of anybody's"

import requests  # noqa: E402
from fastapi import HTTPException  # noqa: E402
from mindtrace.services import ServerStatus  # noqa: E402
from mindtrace.services.discord import DiscordService  # noqa: E402

URL = os.environ["INNKEEPER_URL"].rstrip("/")
KEY = os.environ["INNKEEPER_KEY"]
GUILD = int(os.environ["INNKEEPER_GUILD"])
PATIENCE_SECONDS = 30

ENDPOINTS = [
    "endpoints",
    "status",
    "heartbeat",
    "server_id",
    "class_name",
    "pid_file",
    "shutdown",
    "discord.execute",
    "discord.status",
    "discord.commands",
]


def rolled(response, sides):
    """Whether this says what a die with so many sides shows."""
    head, tail = "You rolled a ", f" (1-{sides})"
    assert response.startswith(head) and response.endswith(tail), response
    assert 1 <= int(response[len(head) : -len(tail)]) <= sides, response


def refuses(status, call, *args, **kwargs):
    """Whether the manager raises what the bot answered."""
    try:
        call(*args, **kwargs)
    except HTTPException as error:
        assert error.status_code == status, error
        return
    raise AssertionError(f"{call} was not refused")


def manager(base):
    """Everything that the generated connection manager has, by one base address."""
    cm = DiscordService.connect(base)
    assert cm.status().status == ServerStatus.AVAILABLE
    heartbeat = cm.heartbeat().heartbeat
    assert heartbeat.status == ServerStatus.AVAILABLE and heartbeat.server_id == cm.server_id().server_id
    assert cm.endpoints().endpoints == ENDPOINTS
    assert cm.class_name().class_name and isinstance(cm.pid_file().pid_file, str)

    status = cm.discord_status()
    assert status.bot_name and status.status == "online" and status.guild_count >= 1 and status.user_count >= 1
    assert 0 <= status.latency < PATIENCE_SECONDS
    commands = {command["name"]: command for command in cm.discord_commands().commands}
    for driven in ["roll", "help", "service", "info", "cleanup", "hello", "ping", "echo"]:
        assert commands[driven]["enabled"] and commands[driven]["usage"].startswith(f"/{driven}"), driven
    assert commands["cleanup"]["permissions"] == ["manage_messages"]

    rolled(cm.discord_execute(content="/roll").response, 6)
    rolled(cm.discord_execute(content="/roll 20", author_id=12345, channel_id=67890, message_id=1).response, 20)
    help_ = cm.discord_execute(content="/help")
    assert "`/roll`" in help_.response and help_.embed["title"] and help_.delete_after is None
    assert "connected" in cm.discord_execute(content="/service").response
    assert cm.discord_execute(content="/info").response == "This command can only be used in a server."
    assert "Members: " in cm.discord_execute(content="/info", guild_id=GUILD).response
    unknown = cm.discord_execute(content="/nonsense").response
    assert unknown.startswith("Command '/nonsense' not found. Available commands: "), unknown

    refuses(403, cm.shutdown)
    # Leaving the manager shuts down what it manages, or would.
    refuses(403, cm.__exit__, None, None, None)
    assert cm.status().status == ServerStatus.AVAILABLE


async def twins(base):
    """The same methods, asynchronous."""
    cm = DiscordService.connect(base)
    assert (await cm.astatus()).status == ServerStatus.AVAILABLE
    told = [cm.aheartbeat(), cm.aendpoints(), cm.aserver_id(), cm.aclass_name(), cm.apid_file()]
    heartbeat, endpoints, server, _, _ = await asyncio.gather(*told)
    assert heartbeat.heartbeat.server_id == server.server_id and endpoints.endpoints == ENDPOINTS
    assert (await cm.adiscord_status()).status == "online"
    assert any(command["name"] == "roll" for command in (await cm.adiscord_commands()).commands)
    for output in await asyncio.gather(*(cm.adiscord_execute(content="/roll 4") for _ in range(5))):
        rolled(output.response, 4)
    try:
        await cm.ashutdown()
    except HTTPException as error:
        assert error.status_code == 403, error
    else:
        raise AssertionError("the bot let itself be ended")


def document():
    """The requests of the document, with the base address alone changed."""

    def ask(method, path, **kwargs):
        return requests.request(method, URL + path, timeout=PATIENCE_SECONDS, **kwargs)

    status = ask("GET", "/discord/status").json()
    assert set(status) == {"bot_name", "guild_count", "user_count", "latency", "status"}, status
    listed = ask("GET", "/discord/commands").json()["commands"]
    fields = {"name", "description", "usage", "aliases", "category", "enabled", "hidden"}
    assert listed and all(fields <= set(command) for command in listed)
    for headers in [{}, {"Authorization": f"Bearer {KEY}"}, {"X-API-Key": KEY}]:
        said = ask("POST", "/discord/execute", json={"content": "/roll 20"}, headers=headers)
        assert said.status_code == 200 and set(said.json()) == {"response", "embed", "delete_after"}, said.text
        rolled(said.json()["response"], 20)
    refused = ask("POST", "/discord/execute", json={"content": "/cleanup 5", "guild_id": GUILD, "author_id": 1})
    assert refused.status_code == 200 and "manage_messages" in refused.json()["response"], refused.text
    wrong = ask("POST", "/discord/execute", json={"content": 5})
    assert wrong.status_code == 422 and wrong.json()["detail"][0]["loc"][-1] == "content", wrong.text
    allowed = ask("GET", "/discord/execute")
    assert allowed.status_code == 405 and allowed.json() == {"detail": "Method Not Allowed"}, allowed.text
    assert ask("GET", "/discord/status", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401


def main():
    document()
    print("the document's requests are answered")
    for base in [f"{URL}/mindtrace/", f"{URL}/k/{KEY}/mindtrace/"]:
        manager(base)
        asyncio.run(twins(base))
        print("the connection manager works at", base.replace(KEY, "KEY"))


if __name__ == "__main__":
    main()
