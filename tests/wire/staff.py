"""The staff monitor's document and its front end against a running bot.

Needs Python 3.10 and httpx (0.28.1), and in the environment:
INNKEEPER_URL     where the bot is, such as http://127.0.0.1:8080
INNKEEPER_KEY     a key with the scope `admin`
INNKEEPER_GUILD   the server that the key is for
and, where these are others than in the demo:
INNKEEPER_NAME    how the key is called; `staff`
INNKEEPER_ORIGIN  an origin that is in `http.cors_origins`; http://localhost:3000
"""

import os
from datetime import datetime

import httpx

URL = os.environ["INNKEEPER_URL"].rstrip("/")
KEY = os.environ["INNKEEPER_KEY"]
GUILD = os.environ["INNKEEPER_GUILD"]
NAME = os.environ.get("INNKEEPER_NAME", "staff")
ORIGIN = os.environ.get("INNKEEPER_ORIGIN", "http://localhost:3000")
PATIENCE_SECONDS = 30
# Without a key only what is asked at the bot's own computer may be let in: this comes from elsewhere.
AFAR = {"X-Forwarded-For": "203.0.113.9"}
CHALLENGE = 'Bearer realm="api"'

# What the front end reads of a row.
FIELDS = {
    "id", "username", "display_name", "role", "role_color", "role_priority", "steam_id", "discord_id", "discord_tag",
    "discord_status", "discord_custom_status", "discord_activity", "discord_status_updated", "joined_date", "timezone",
    "is_active", "is_on_loa", "loa_end_date", "last_activity", "is_online", "server_name", "server_id",
}  # fmt: skip


def refused(response, body):
    """That this is a 401 with this body."""
    assert response.status_code == 401 and response.json() == body, response.text
    assert response.headers["WWW-Authenticate"] == CHALLENGE, response.headers


def login(client):
    """The tokens of a login, and those that follow."""
    wrong = client.post("/api/auth/token/", json={"username": NAME, "password": "wrong"})
    refused(wrong, {"detail": "No active account found with the given credentials"})
    required = ["This field is required."]
    empty = client.post("/api/auth/token/", json={})
    assert empty.status_code == 400 and empty.json() == {"username": required, "password": required}, empty.text
    pair = client.post("/api/auth/token/", json={"username": NAME, "password": KEY})
    assert pair.status_code == 200 and set(pair.json()) == {"access", "refresh"}, pair.text
    wrong = client.post("/api/auth/token/refresh/", json={"refresh": pair.json()["access"]})
    assert wrong.status_code == 401 and wrong.json()["code"] == "token_not_valid", wrong.text
    newer = client.post("/api/auth/token/refresh/", json={"refresh": pair.json()["refresh"]})
    assert newer.status_code == 200 and set(newer.json()) == {"access", "refresh"}, newer.text
    return newer.json()["access"]


def document(client, token):
    """The document's examples: the status, and a sync."""
    status = client.get("/api/staff/discord/status/")
    assert status.json() == {"is_running": True, "guild_id": GUILD}, status.text
    synced = client.post("/api/staff/discord/sync/", headers=token)
    assert synced.status_code == 200, synced.text
    assert synced.json() == {"message": "Discord status sync completed successfully"}
    nobody = {"detail": "Authentication credentials were not provided."}
    refused(client.post("/api/staff/discord/sync/", headers=AFAR), nobody)
    refused(client.get("/api/staff/me/", headers=AFAR), nobody)
    bad = client.get("/api/staff/roster/", headers={"Authorization": "Bearer nonsense"})
    assert bad.status_code == 401 and bad.json()["messages"][0]["token_class"] == "AccessToken", bad.text
    assert client.get("/api/staff/discord/sync/", headers=token).status_code == 405


def is_same(row, other):
    """The same entry; how somebody is there may have changed meanwhile."""
    return set(row) == set(other) and all(row[name] == other[name] for name in ("id", "name", "rank", "discord_id"))


def front_end(client, token):
    """What the page does: it asks from another origin, sends credentials along, and turns pages."""
    beforehand = client.options(
        "/api/staff/roster/",
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    allowed = beforehand.headers["Access-Control-Allow-Headers"].lower()
    assert beforehand.status_code < 300 and "authorization" in allowed and "content-type" in allowed
    headers = {**token, "Origin": ORIGIN}
    rows, url = [], "/api/staff/roster/?page=1&page_size=1&ordering=rank_priority,name"
    while url:
        page = client.get(url, headers=headers)
        assert page.status_code == 200, page.text
        assert page.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert page.headers["Access-Control-Allow-Credentials"] == "true"
        rows += page.json()["results"]
        url = page.json()["next"]
        assert url is None or url.startswith(f"{URL}/api/staff/roster/?"), url
    assert rows and len(rows) == page.json()["count"] == len({row["id"] for row in rows})
    order = [(row["role_priority"], row["name"].lower()) for row in rows]
    assert order == sorted(order), order
    for row in rows:
        assert FIELDS <= set(row), FIELDS - set(row)
        assert row["discord_status"] in {"online", "idle", "dnd", "offline", None}, row
        assert row["discord_id"] is None or row["discord_id"].isdigit(), row
        datetime.fromisoformat(row["joined_date"].replace("Z", "+00:00"))
    one = client.get(f"/api/staff/roster/{rows[0]['id']}/", headers=headers)
    assert is_same(one.json(), rows[0]), one.text
    found = client.get("/api/staff/roster/", params={"search": rows[0]["name"].upper()}, headers=headers)
    assert any(is_same(row, rows[0]) for row in found.json()["results"]), found.text
    beyond = client.get("/api/staff/roster/?page=99999", headers=headers)
    assert beyond.status_code == 404 and beyond.json() == {"detail": "Invalid page."}, beyond.text
    roles = client.get("/api/staff/roles/", headers=headers).json()
    assert all(set(role) == {"role", "priority", "color"} for role in roles), roles


def main():
    with httpx.Client(base_url=URL, timeout=PATIENCE_SECONDS) as client:
        token = {"Authorization": f"Bearer {login(client)}"}
        print("a login gets tokens")
        document(client, token)
        print("the document's requests are answered")
        front_end(client, token)
        print("the front end turns its pages")


if __name__ == "__main__":
    main()
