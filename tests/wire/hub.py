"""Discord Bot Hub's clients, unmodified but for their base address: httpx, python-socketio over both transports, and what
a front end on another origin sends. It is called by tests/wire/run with a demo's address, and a command that restarts it.
"""

import asyncio
import subprocess
import sys
import threading
import time

import httpx
import socketio

BASE, RESTART = sys.argv[1], sys.argv[2:]
USER = "420000000000000042"
WAIT_SECONDS = 30
FRONT_END = "http://localhost:5173"


def check(holds, words):
    if not holds:
        raise SystemExit(f"hub.py: {words}")


def rest():
    """Every path of the document, as its examples ask for them."""
    with httpx.Client(base_url=BASE) as client:
        root = client.get("/")
        check(root.json()["status"] == "online", f"GET /: {root.text}")
        check(client.get("/health").json()["status"] == "healthy", "GET /health")
        made = client.post("/api/users", json={"discord_id": USER, "username": "Zoe", "avatar_url": None})
        check(made.status_code == 201 and made.json()["level"] == 1, f"POST /api/users: {made.text}")
        found = client.get(f"/api/users/{USER}")
        check(found.json()["id"] == made.json()["id"], f"GET /api/users/…: {found.text}")
        check(client.patch(f"/api/users/{USER}", json={"xp": 0}).json()["xp"] == 0, "PATCH /api/users/…")
        listed = client.get("/api/users", params={"limit": 1000, "offset": 0}).json()
        check(any(user["discord_id"] == USER for user in listed), "GET /api/users")
        gained = client.post(
            "/api/leveling/xp", params={"discord_id": USER, "event_type": "message", "channel_id": "5"}
        ).json()
        check(gained["success"] and gained["xp_gained"] == 15, f"POST /api/leveling/xp: {gained}")
        board = client.get("/api/leveling/leaderboard", params={"limit": 3}).json()
        check([entry["rank"] for entry in board] == [1, 2, 3], f"GET …/leaderboard: {board}")
        history = client.get(f"/api/leveling/xp-history/{USER}", params={"limit": 1}).json()
        check(history[0]["event_type"] == "message" and history[0]["channel_id"] == "5", f"GET …/xp-history: {history}")
        tool = {"name": "Tea", "description": "A cup", "required_level": 1, "tier": "Basic"}
        check(client.post("/api/tools", json=tool).status_code == 201, "POST /api/tools")
        tools = client.get("/api/tools", params={"tier": "Basic", "enabled_only": True}).json()
        check(any(one["name"] == "Tea" for one in tools), f"GET /api/tools: {tools}")
        mine = client.get(f"/api/tools/user/{USER}").json()
        first = next(one for one in mine if one["can_unlock"])
        path = f"/api/tools/unlock/{USER}/{first['tool']['id']}"
        check(client.post(path).json()["tool_name"] == first["tool"]["name"], "POST /api/tools/unlock/…")
        check(client.post(path).json()["already_unlocked"] is True, "POST /api/tools/unlock/… again")
        check(client.get("/api/users/77").status_code == 404, "a user who is not there")
        check(client.get("/api/users", params={"limit": 0}).json()["detail"][0]["loc"] == ["query", "limit"], "422")
        check(client.get("/docs").status_code == 200, "GET /docs")
        for path in ("/api/users/", f"/api/users/{USER}/", "/api/tools/", "/api/leveling/leaderboard/"):
            check(client.get(path).status_code == 200, f"{path} is no redirect")


def front_end():
    """What a browser sends for a page on another origin: first the question, then the request."""
    asking = {"Origin": FRONT_END, "Access-Control-Request-Method": "PATCH",
              "Access-Control-Request-Headers": "authorization,content-type"}
    with httpx.Client(base_url=BASE) as client:
        asked = client.options(f"/api/users/{USER}", headers=asking)
        check(asked.status_code < 300 and "PATCH" in asked.headers["access-control-allow-methods"], f"OPTIONS {asked}")
        said = client.patch(f"/api/users/{USER}", json={"username": "Zoé"}, headers={"Origin": FRONT_END})
        check(said.headers["access-control-allow-origin"] == FRONT_END, "the page may read the answer")
        check(said.headers["access-control-allow-credentials"] == "true", "the page may send cookies")
        foreign = client.patch(f"/api/users/{USER}", json={"xp": 1}, headers={"Origin": "https://elsewhere.example"})
        check(foreign.status_code == 401, "another page may not")


def level_up():
    """Lifts the user from level 1 to 2."""
    with httpx.Client(base_url=BASE) as client:
        client.patch(f"/api/users/{USER}", json={"xp": 490})
        said = client.post("/api/leveling/xp", params={"discord_id": USER, "event_type": "message"}).json()
        check(said["leveled_up"], f"no level was reached: {said}")


class Heard:
    """What a client was told, by the name of the event."""

    def __init__(self):
        self.events, self.more = [], threading.Condition()

    def add(self, name, data):
        with self.more:
            self.events.append((name, data))
            self.more.notify_all()

    def wait(self, name, fits=lambda data: True):
        end = time.monotonic() + WAIT_SECONDS
        with self.more:
            while True:
                for known, data in self.events:
                    if known == name and fits(data):
                        return data
                left = end - time.monotonic()
                check(left > 0, f"{name} did not come: {self.events}")
                self.more.wait(left)

    def clear(self):
        with self.more:
            self.events.clear()


def listen(client):
    heard = Heard()
    for name in ("connect", "disconnect"):
        client.on(name, lambda *_, name=name: heard.add(name, None))
    for name in ("connection_established", "pong", "level_up", "tool_unlocked"):
        client.on(name, lambda data, name=name: heard.add(name, data))
    return heard


def socket_of(transports):
    """The synchronous client: greeted, answered, told of a level, and back again after a restart."""
    client = socketio.Client(reconnection_delay=1, reconnection_delay_max=1)
    heard = listen(client)
    client.connect(BASE, transports=transports)
    check(heard.wait("connection_established")["sid"] == client.get_sid(), "the sid is the namespace's")
    client.emit("ping", {"timestamp": 17})
    check(heard.wait("pong") == {"timestamp": 17}, "pong")
    level_up()
    told = heard.wait("level_up", lambda data: data["discord_id"] == USER)
    check((told["old_level"], told["new_level"]) == (1, 2), f"level_up: {told}")
    return client, heard


async def asynchronous():
    """The asynchronous client, which begins with polls and changes to a WebSocket."""
    client, told = socketio.AsyncClient(), asyncio.get_running_loop().create_future()
    client.on("level_up", lambda data: None if told.done() else told.set_result(data))
    await client.connect(BASE)
    await asyncio.to_thread(level_up)
    await asyncio.wait_for(told, WAIT_SECONDS)
    check(client.transport() == "websocket", "it changed its transport")
    await client.disconnect()


def main():
    rest()
    front_end()
    clients = [socket_of(["websocket"]), socket_of(["polling"]), socket_of(None)]
    asyncio.run(asynchronous())
    for _, heard in clients:
        heard.clear()
    if RESTART:
        subprocess.run(RESTART, check=True)
        for client, heard in clients:
            heard.wait("connection_established")
            client.emit("ping", {"timestamp": 18})
            heard.wait("pong")
    for client, _ in clients:
        client.disconnect()
    print("hub.py: every example of the document, both transports, and a restart")


main()
