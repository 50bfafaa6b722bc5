"""The desk's pages over HTTP, in one process: who gets in, what is answered, what every answer carries."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from desk_site import NAMES, PASSWORD, QUICK, SCRIPT, Site, insight, site
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from review import service
from review.store import open_store, sqlite_url
from review.types import Action, FieldStatus, Role, User
from review.web import app as web
from review.web import documents, overview, visits, work
from review.web.app import NobodyMayLogIn, create_app
from review.web.options import DeskOptions
from review.web.security import POLICY

OWN = {"origin": "http://localhost"}
OPERATOR = User("复核甲", Role.OPERATOR)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr("review.accounts._HASHER", QUICK)
    with site(tmp_path) as found:
        yield found


def visitor(here: Site, options: DeskOptions | None = None, **headers: str) -> TestClient:
    """A browser of the desk's own pages; nobody is logged in."""
    app = create_app(here.desk, options)
    return TestClient(
        app, "http://localhost", headers=OWN | headers, follow_redirects=False, raise_server_exceptions=False
    )


def logged_in(here: Site, name: str = "复核甲", options: DeskOptions | None = None) -> TestClient:
    client = visitor(here, options)
    assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
    return client


def pages_of_the_desk() -> list[APIRoute]:
    """Every route; the application itself keeps the included ones to itself."""
    parts = (visits, work, documents, overview)
    found = [route for part in parts for route in part.router.routes if isinstance(route, APIRoute)]
    assert len(found) > 25
    return found


# --- getting in ----------------------------------------------------------------------------------------------


def test_without_a_user_nothing_is_served(here: Site, tmp_path: Path) -> None:
    empty = open_store(sqlite_url(tmp_path / "empty.db"))
    with pytest.raises(NobodyMayLogIn, match="user add"):
        create_app(replace(here.desk, store=empty))
    empty.close()


def test_nobody_sees_anything_without_a_login(here: Site) -> None:
    client = visitor(here)
    open_paths = {"/login", "/logout", "/language"}
    for route in pages_of_the_desk():
        if route.path in open_paths:
            continue
        path = route.path.replace("{field_id}", "1").replace("{document_id}", "1").replace("{number}", "1")
        path = path.replace("{decision_id}", "1").replace("{proposal_id}", "1")
        for method in route.methods:
            answer = client.request(method, path)
            assert answer.status_code in {303, 401}, (method, path)
            if answer.status_code == 303:
                assert answer.headers["location"].startswith("/login?next=")


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(here: Site) -> None:
    client = visitor(here)
    cookie = client.post("/login", data={"name": "复核甲", "password": PASSWORD}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    tls = DeskOptions(public_url="https://desk.example")
    client = visitor(here, tls, host="desk.example", origin="https://desk.example")
    answer = client.post("/login", data={"name": "复核甲", "password": PASSWORD})
    assert answer.headers["set-cookie"].startswith("__Host-qingzhang=")
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]


def test_a_login_goes_on_where_one_was_and_never_elsewhere(here: Site) -> None:
    client = visitor(here)
    asked = client.get("/work?kind=amount").headers["location"]
    assert asked == "/login?next=/work%3Fkind%3Damount"
    data = {"name": "复核甲", "password": PASSWORD, "next": "//elsewhere.example"}
    assert client.post("/login", data=data).headers["location"] == "/"


def test_failed_logins_say_the_same_of_known_and_unknown_names_and_are_throttled(here: Site) -> None:
    client = visitor(here)
    wrong = [client.post("/login", data={"name": n, "password": "wrong password"}) for n in ("复核甲", "nobody")]
    assert [a.status_code for a in wrong] == [401, 401]
    assert wrong[0].text == wrong[1].text
    answers = [client.post("/login", data={"name": "复核甲", "password": "wrong password"}) for _ in range(5)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    assert client.post("/login", data={"name": "复核甲", "password": PASSWORD}).status_code == 429


def test_logging_out_ends_the_session_in_the_store(here: Site) -> None:
    client = logged_in(here)
    token = client.cookies["qingzhang"]
    assert client.post("/logout").headers["location"] == "/login"
    client.cookies.set("qingzhang", token)
    assert client.get("/queue").status_code == 303


def test_a_proxys_header_counts_only_where_it_was_asked_for_and_from_that_proxy(here: Site) -> None:
    asked = DeskOptions(user_header="X-Remote-User", trusted_proxies=("192.0.2.1",))

    def status(options: DeskOptions | None, address: str) -> int:
        client = TestClient(
            create_app(here.desk, options), "http://localhost", client=(address, 1), follow_redirects=False
        )
        return client.get("/queue", headers={"x-remote-user": "admin"}).status_code

    assert status(None, "192.0.2.1") == 303
    assert status(asked, "192.0.2.2") == 303
    assert status(asked, "192.0.2.1") == 200


def test_a_new_password_needs_the_old_one(here: Site) -> None:
    client = logged_in(here)
    refused = client.post("/password", data={"current": "wrong password", "password": "a new password"})
    assert refused.status_code == 401
    assert client.post("/password", data={"current": PASSWORD, "password": "short"}).status_code == 422
    other = logged_in(here)
    assert client.post("/password", data={"current": PASSWORD, "password": "a new password"}).status_code == 303
    assert client.get("/queue").status_code == 200
    assert other.get("/queue").status_code == 303


# --- whose archives ------------------------------------------------------------------------------------------


def in_another_archive(here: Site) -> tuple[int, int, int]:
    """A document in an archive that 复核甲 may not see: its id, a field's, and a decision's."""
    folder = here.folder / "other" / NAMES[2]
    shutil.copytree(here.folder / "out" / NAMES[2], folder)
    other = service.Folder(folder, "别的档案", str(folder.parent))
    scan = here.folder / "scans" / f"{NAMES[2]}.pdf"
    service.import_folders(here.desk.store, [other], insight, lambda _: scan)
    service.set_archives(here.desk.store, "复核甲", ["2024年决算"])
    document = service.find_document(here.desk.store, folder)
    view = service.page_view(here.desk.store, document, 1)
    waiting, decided = [f.id for b in view.blocks for f in b.fields if f.status is FieldStatus.WAITING][:2]
    done = service.decide(here.desk, User("admin", Role.ADMIN), decided, Action.ACCEPT)
    return document, waiting, done.decision.id


def test_no_address_leads_into_an_archive_of_others(here: Site) -> None:
    """Every route with an id in it, those to come too."""
    document, field, decision = in_another_archive(here)
    ids = {"{document_id}": document, "{field_id}": field, "{decision_id}": decision, "{number}": 1, "{proposal_id}": 0}
    client, free = logged_in(here), logged_in(here, "审批乙")
    tried = 0
    for route in pages_of_the_desk():
        if "{" not in route.path or "proposal" in route.path:
            continue
        path = re.sub(r"{\w+}", lambda found: str(ids[found[0]]), route.path)
        body = {"action": "skip"} if path.endswith("decide") else {"field_ids": [field]}
        for method in route.methods:
            sent = {"json": body} if method == "POST" else {}
            assert client.request(method, path, **sent).status_code == 404, (method, path)
            if method == "GET":
                assert free.get(path).status_code in {200, 303}, path
            tried += 1
    assert tried >= 11
    assert client.post("/api/undo", json={"decision_id": decision}).status_code == 404


def test_the_queue_and_the_lists_show_ones_own_archives_alone(here: Site) -> None:
    document, _, _ = in_another_archive(here)
    client, free = logged_in(here), logged_in(here, "审批乙")
    for path in ("/queue", "/documents", "/dashboard"):
        assert "别的档案" not in client.get(path).text, path
        assert "别的档案" in free.get(path).text, path
    assert f"/documents/{document}" not in client.get("/documents").text
    mine, seen = {here.document_id(n) for n in range(3)}, 0
    while card := client.post("/api/next").json()["card"]:
        assert service.field_view(here.desk.store, card["id"]).document_id in mine
        assert client.post(f"/api/fields/{card['id']}/decide", json={"action": "accept", "go_on": False}).is_success
        seen += 1
    assert seen
    assert service.queue_counts(here.desk.store).waiting > 0
    assert "2024年决算" in logged_in(here, "admin").get("/users").text


# --- every answer --------------------------------------------------------------------------------------------


def test_every_answer_carries_the_guards_headers(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = logged_in(here)

    def broken(*_: object) -> None:
        raise RuntimeError("a secret of the program")

    monkeypatch.setattr("review.service.dashboard", broken)
    paths = [
        "/queue",
        "/nothing",
        "/static/desk.css",
        "/fields/999999",
        "/fields/1/crop.png",
        "/dashboard",
        "/api/fields/0",
    ]
    statuses = []
    for path in paths:
        answer = client.get(path)
        statuses.append(answer.status_code)
        assert answer.headers["content-security-policy"] == POLICY, path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store")
        assert "secret" not in answer.text
    assert statuses == [200, 404, 200, 404, 200, 500, 404]


def test_writes_from_elsewhere_change_nothing(here: Site) -> None:
    client = logged_in(here)
    before = service.queue_counts(here.desk.store)
    for headers in (
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": "http://localhost", "sec-fetch-site": "cross-site"},
        {"origin": "http://localhost:81"},
    ):
        answer = client.post("/api/fields/1/decide", json={"action": "accept"}, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "foreign_write"
    assert service.queue_counts(here.desk.store) == before


def test_other_names_of_the_host_are_refused(here: Site) -> None:
    assert visitor(here).get("/login", headers={"host": "rebound.example"}).status_code == 421
    allowed = DeskOptions(hosts=("desk.example",))
    assert visitor(here, allowed).get("/login", headers={"host": "desk.example"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/fields/999999", None, 404, "not_found"),
        ("GET", "/api/nothing", None, 404, "not_found"),
        ("GET", "/api/next", None, 405, "method"),
        ("GET", "/fields/999999/crop.png", None, 404, "not_found"),
        ("POST", "/api/fields/1/decide", {"action": "explode"}, 422, "bad_value"),
        ("POST", "/api/fields/1/decide", {"action": "edit"}, 422, "bad_value"),
        ("POST", "/api/fields/1/decide", {"action": "edit", "text": "a\u0000b"}, 422, "bad_value"),
        ("POST", "/api/fields/1/decide", {"action": "accept", "more": 1}, 422, "bad_value"),
        ("POST", "/api/fields/1/decide", {"action": "edit", "text": "9" * 300_000}, 413, "too_large"),
        ("POST", "/api/fields/1/decide", {"action": "accept", "revision": -7}, 409, "taken"),
        ("POST", "/api/next?reason=none", None, 422, "bad_value"),
        ("POST", "/api/undo", {"decision_id": 99}, 404, "not_found"),
    ],
)
def test_errors_have_one_shape(here: Site, method: str, path: str, body: object, status: int, code: str) -> None:
    answer = logged_in(here).request(method, path, json=body)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message", "detail"}
    assert answer.json()["error"]["code"] == code


def test_who_may_only_look_decides_nothing(here: Site) -> None:
    client = logged_in(here, "guest")
    for path in ("/api/next", "/api/fields/1/claim", "/api/fields/1/decide", "/api/undo"):
        assert client.post(path, json={"action": "accept"}).status_code == 403
    assert client.get("/work").status_code == 403
    assert client.get("/users").status_code == 403
    assert client.get("/decisions.csv").status_code == 403
    assert client.post("/proposals/1", data={"answer": "approved"}).status_code == 403
    for path in ("/queue", "/documents", "/documents/1/pages/1", "/dashboard", "/proposals", "/fields/1"):
        assert client.get(path).status_code == 200, path


def test_text_from_documents_is_escaped_wherever_it_is_shown(here: Site) -> None:
    client = logged_in(here)
    field_id = next(line.id for line in service.queue_page(here.desk.store) if line.text == SCRIPT)
    document = here.document_id()
    client.post(f"/api/fields/{field_id}/decide", json={"action": "edit", "text": SCRIPT + "。", "go_on": False})
    shown = [
        client.get("/queue").text,
        client.get(f"/documents/{document}/pages/1").text,
        client.get(f"/api/fields/{field_id}").json()["card"]["html"],
    ]
    for text in shown:
        assert "&lt;script&gt;document.title" in text
        assert "<script>document.title" not in text
        assert "<img src=x" not in text


def test_the_language_is_chinese_until_one_switches(here: Site) -> None:
    client = logged_in(here)
    assert "待复核字段" in client.get("/queue").text
    answer = client.post("/language", data={"language": "en", "next": "/queue"})
    assert answer.headers["location"] == "/queue"
    assert "Fields that need review" in client.get("/queue").text
    assert (
        'name="next" value="/queue?kind=text&amp;order=document"' in client.get("/queue?kind=text&order=document").text
    )
    assert client.get("/api/fields/0").json()["error"]["message"] == "Not found."
    assert client.post("/language", data={"language": "tlh"}).status_code == 422


# --- the work ------------------------------------------------------------------------------------------------


def test_a_decision_brings_the_next_field_and_what_it_brought_about(here: Site) -> None:
    client = logged_in(here)
    first = client.post("/api/next").json()
    assert first["counts"]["waiting"] == 15
    card = first["card"]
    body = {"action": "edit", "text": "129.37", "revision": card["revision"]}
    field_id = here.field_at(5, 3)
    client.post(f"/api/fields/{field_id}/claim")
    revision = client.get(f"/api/fields/{field_id}").json()["card"]["revision"]
    done = client.post(f"/api/fields/{field_id}/decide", json=body | {"revision": revision}).json()
    assert done["decided"]["after"] == "129.37"
    assert done["card"]["id"] != field_id
    assert done["counts"]["done"] >= 1
    assert len(done["ahead"]) == 3
    assert here.notified == [here.document_id()]
    undone = client.post("/api/undo", json={}).json()
    assert undone["card"]["id"] == field_id
    assert undone["card"]["text"] == "129.87"


def test_the_same_mistake_elsewhere_is_listed_before_it_is_accepted(here: Site) -> None:
    client = logged_in(here)
    field_id = here.field_at(9, 1)
    done = client.post(f"/api/fields/{field_id}/decide", json={"action": "edit", "text": "事业单位医疗"}).json()
    assert done["decided"]["similar"] == 2
    address = f"/api/decisions/{done['decided']['decision_id']}/similar"
    listed = client.get(address).json()
    assert listed["count"] == 2
    assert all(name in listed["html"] for name in NAMES[1:])
    elsewhere = here.field_at(9, 1, 1)
    assert client.post(address, json={"field_ids": [elsewhere]}).json()["accepted"] == 1
    assert service.field_view(here.desk.store, elsewhere).text == "事业单位医疗"
    assert service.field_view(here.desk.store, here.field_at(9, 1, 2)).text == "事业单位医疗人"


def test_two_operators_never_have_the_same_field(here: Site) -> None:
    one, two = logged_in(here), logged_in(here, "审批乙")
    taken = one.post("/api/next").json()["card"]["id"]
    assert two.post("/api/next").json()["card"]["id"] != taken
    refused = two.post(f"/api/fields/{taken}/decide", json={"action": "accept"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "taken")
    one.post(f"/api/fields/{taken}/release")
    assert two.post(f"/api/fields/{taken}/claim").status_code == 200


def test_filters_are_kept_in_the_address(here: Site) -> None:
    client = logged_in(here)
    text = client.get("/queue?reason=dictionary&kind=label&order=document&archive=").text
    assert 'href="/work?reason=dictionary&amp;kind=label&amp;order=document"' in text
    card = client.post("/api/next?reason=dictionary").json()["card"]
    assert service.field_view(here.desk.store, card["id"]).reason == "dictionary"
    assert client.get("/queue?table=nothing").status_code == 200


def test_pictures_come_by_id_and_a_missing_scan_is_said(here: Site) -> None:
    client = logged_in(here)
    crop = client.get("/fields/1/crop.png")
    assert crop.headers["content-type"] == "image/png"
    assert crop.content.startswith(b"\x89PNG")
    assert client.get("/fields/1/crop.png?cleaned=true").content.startswith(b"\x89PNG")
    whole = f"/documents/{here.document_id(2)}/pages/1/picture.png"
    (here.folder / "scans" / f"{NAMES[2]}.pdf").unlink()
    answer = client.get(whole)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_picture")
    assert str(here.folder) not in answer.text


def test_a_document_opens_at_its_first_page_with_something_to_do(here: Site) -> None:
    client = logged_in(here)
    document = here.document_id()
    assert client.get(f"/documents/{document}").headers["location"] == f"/documents/{document}/pages/1"
    assert client.get(f"/documents/{document}/pages/2").status_code == 404
    assert client.get("/documents/999").status_code == 404
    assert NAMES[1] in client.get("/documents?containing=杏溪").text
    assert NAMES[0] not in client.get("/documents?containing=杏溪").text


def test_the_dashboard_shows_what_was_done(here: Site) -> None:
    client = logged_in(here, "admin")
    assert "尚无抽查结果" in client.get("/dashboard").text
    service.decide(here.desk, OPERATOR, here.field_at(14, 2), Action.EDIT, "112.48")
    text = client.get("/dashboard?archive=2024年决算").text
    assert "复核甲" in text
    assert '<svg class="days"' in text


def test_users_are_looked_after_by_administrators(here: Site) -> None:
    client = logged_in(here, "admin")
    added = {"name": "新人", "password": "long enough", "role": "operator"}
    assert client.post("/users", data=added).headers["location"] == "/users?done=added"
    assert client.post("/users", data=added).status_code == 422
    changed = {"name": "新人", "role": "viewer", "disabled": "true"}
    assert client.post("/users/change", data=changed).status_code == 303
    assert {u.name: (u.role, u.disabled) for u in service.list_users(here.desk.store)}["新人"] == (Role.VIEWER, True)
    own = {"name": "ADMIN", "role": "viewer"}
    assert client.post("/users/change", data=own).status_code == 422


def test_the_record_can_be_taken_away_by_administrators(here: Site) -> None:
    service.decide(here.desk, OPERATOR, here.field_at(14, 2), Action.EDIT, "112.48")
    client = logged_in(here, "admin")
    answer = client.get("/decisions.csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert "112.48" in answer.text
    assert json.loads(client.get("/decisions.json").text)[0]["after"] == "112.48"


def test_the_server_reads_no_forwarded_header_by_itself(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(web.uvicorn.Server, "run", lambda self: seen.append(self.config))
    web.serve(here.desk, DeskOptions())
    assert seen[0].proxy_headers is False
    assert seen[0].host == "127.0.0.1"
