"""The console's files and the answers that it asks for again and again: types, tags, 304, HEAD."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from harness import Client, Wire, ask, check_our_error, request_head, usage_event
from harness.sms import GENEROUS, fresh_number

TYPES = {
    "": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
TAG = re.compile(r'W/"[0-9a-f]{32}"')
# What a page, a script and a stylesheet load, and the stylesheets that scripts name.
REFERENCES = {
    "": [r'(?:href|src)="(/[^"]*)"'],
    "css": [r'url\("?([^")]+)"?\)', r'@import "([^"]+)"'],
    "js": [r'^(?:import|export)\s[^"\';]*?from "([^"]+)"', r'\bimport\("([^"]+)"\)'],
    "svg": [],
}
STYLES = r"(?:\bstyles\(|const styles = \[)([^)\]]*)[)\]]"
# Headers of a 304 that are not there, or not those of the answer that it stands for.
DIFFERING = {"content-type", "content-length", "x-trace-id", "traceparent", "date"}
# A file of each kind, and the page.
EXAMPLES = ["/", "/icon.svg", "/css/base.css", "/js/app.js", "/js/pages/sign-in.js"]


def kind(path: str) -> str:
    name = path.rsplit("/", 1)[1]
    return name.rsplit(".", 1)[1] if "." in name else ""


def get(server, path: str, method: str = "GET", **headers: str) -> requests.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.client().request(method, path, headers=names)


def references(path: str, text: str) -> set[str]:
    found = {
        urlsplit(urljoin(path, name)).path
        for pattern in REFERENCES[kind(path)]
        for name in re.findall(pattern, text, re.MULTILINE)
    }
    if kind(path) == "js":
        for names in re.findall(STYLES, text):
            found |= {f"/css/{name}.css" for name in re.findall(r'"([a-z-]+)"', names)}
    return found - {"/openapi.json"}


@pytest.fixture(scope="module")
def files(shared_server) -> dict[str, requests.Response]:
    """Everything that the page loads, and whatever that loads, by its path."""
    found: dict[str, requests.Response] = {}
    left = {"/"}
    while left:
        path = left.pop()
        found[path] = get(shared_server, path)
        assert found[path].status_code == 200, path
        left |= references(path, found[path].text) - found.keys()
    return found


# The files


def test_the_page_comes_with_a_policy_that_keeps_everything_else_out(shared_server):
    page = get(shared_server, "/")
    assert page.text.startswith("<!doctype html>") and "<title>Countersign</title>" in page.text
    policy = dict(
        directive.split(" ", 1) for directive in page.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'"
    for name in ("script-src", "style-src", "img-src", "connect-src", "form-action"):
        assert policy[name] == "'self'", name
    assert policy["base-uri"] == "'none'" and "unsafe" not in str(policy)
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"


def test_everything_that_the_page_loads_is_there_with_its_type_and_a_tag(files):
    assert {"/", "/icon.svg", "/js/app.js", "/js/pages/settings.js"} <= files.keys()
    assert len(files) > 50 and any(path.startswith("/css/") for path in files)
    for path, answer in files.items():
        assert answer.headers["content-type"] == TYPES[kind(path)], path
        assert TAG.fullmatch(answer.headers["etag"]), path
        assert answer.headers["cache-control"] == "no-cache", path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["content-length"] == str(len(answer.content)) != "0", path
        assert answer.headers.get("set-cookie") is None, path
    tags = [answer.headers["etag"] for answer in files.values()]
    assert len(set(tags)) == len({answer.content for answer in files.values()})


def test_what_has_not_changed_is_not_sent_again(shared_server, files):
    for path, answer in files.items():
        tag = answer.headers["etag"]
        known = get(shared_server, path, if_none_match=tag)
        assert known.status_code == 304 and known.content == b"", path
        # A browser takes these for the ones that it has kept: above all the policy of the page.
        for name in {name.lower() for name in answer.headers} - DIFFERING:
            assert known.headers.get(name) == answer.headers[name], f"{name} of {path}"


@pytest.mark.parametrize("path", EXAMPLES)
def test_tags_are_compared_weakly_and_in_lists(shared_server, files, path):
    tag = files[path].headers["etag"]
    for header in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        assert get(shared_server, path, if_none_match=header).status_code == 304, header
    for header in ('"other"', "W/", tag[:-2] + '"', tag.strip('W/"'), ""):
        assert get(shared_server, path, if_none_match=header).status_code == 200, header


@pytest.mark.parametrize("path", EXAMPLES)
def test_head_tells_all_but_the_content(shared_server, files, path):
    head = get(shared_server, path, "HEAD")
    assert head.status_code == 200 and head.content == b""
    for name in ("content-type", "content-length", "etag", "cache-control"):
        assert head.headers[name] == files[path].headers[name], name
    tag = files[path].headers["etag"]
    assert get(shared_server, path, "HEAD", if_none_match=tag).status_code == 304


def test_a_connection_goes_on_after_a_304(shared_server, files):
    tag = files["/"].headers["etag"]
    with Wire(shared_server.port) as wire:
        for _ in range(2):
            wire.send(request_head("GET", "/", {"If-None-Match": tag}))
            known = wire.read_answer()
            assert known.status == 304 and "transfer-encoding" not in known.headers
            assert "content-length" not in known.headers
            wire.send(request_head("GET", "/"))
            assert wire.read_answer().body == files["/"].content


# What is not there


@pytest.mark.parametrize(
    "path",
    [
        "/index.html",
        "/favicon.ico",
        "/robots.txt",
        "/js",
        "/js/",
        "/js/parts",
        "/js/parts/",
        "/js/nothing.js",
        "/css/nothing.css",
        "/js/pages/nothing.js",
        "/js/pages/deeper/nothing.js",
        "/css/app.js",
        "/js/APP.JS",
        "/js/app.js/",
        "/JS/app.js",
        "/js/app.js%00",
        "/js/app.js.map",
        "/css/colors",
        "/web/js/app.js",
        "/Sources/WebUI/web/index.html",
    ],
)
def test_an_unknown_file_is_our_own_404(shared_server, path):
    answer = get(shared_server, path)
    check_our_error(answer, 404, "not_found")
    # As strict as for all answers that no browser has to render.
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; frame")
    assert answer.headers["cache-control"] == "no-store" and "etag" not in answer.headers


@pytest.mark.parametrize(
    "target",
    [
        "/../index.html",
        "/js/../index.html",
        "/js/./app.js",
        "/js/parts/../app.js",
        "/js/%2e%2e/icon.svg",
        "/js/..%2ficon.svg",
        "/js/..%2Ficon.svg",
        "/js/parts%2f..%2fapp.js",
        "/js/..%5cicon.svg",
        "/js/..\\icon.svg",
        "/js/....//icon.svg",
        "/js/%252e%252e%252ficon.svg",
        "/js/..%c0%aficon.svg",
        "/js/..%00/icon.svg",
        "//icon.svg",
        "//js/app.js",
        "/js//app.js",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/js/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/css/%2fetc%2fpasswd",
        "file:///etc/passwd",
        "/js/app.js;x=1",
        "/%6as/app.js",
        "/icon.svg#x",
    ],
)
def test_no_way_leads_out_of_a_folder(shared_server, target):
    # Sent as it is written here: clients would tidy it.
    answer = ask(shared_server.port, request_head("GET", target))
    assert answer.status in {400, 404}, answer.body
    assert check_our_error(answer, answer.status)["error_code"] in {"not_found", "invalid_request"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/icon.svg", "/js/app.js", "/css/base.css"])
def test_files_can_only_be_read(shared_server, method, path):
    answer = get(shared_server, path, method)
    check_our_error(answer, 405, "method_not_allowed")
    assert {name.strip() for name in answer.headers["allow"].split(",")} == {
        "GET",
        "HEAD",
        "OPTIONS",
    }


# Answers that are asked for again and again


def check_tag(client: Client, path: str, change) -> None:
    """Nothing has changed: 304. After the change: another content, with another tag."""
    first = client.request("GET", path, expect=200)
    tag = first.headers["etag"]
    assert TAG.fullmatch(tag) and first.headers["cache-control"] == "no-store"
    assert first.json()["trace_id"] == first.headers["x-trace-id"]
    for _ in range(2):
        again = client.request("GET", path, expect=304, headers={"If-None-Match": tag})
        assert again.content == b"" and again.headers["etag"] == tag
        assert again.headers["x-trace-id"] != first.headers["x-trace-id"]
    change()
    changed = client.request("GET", path, expect=200, headers={"If-None-Match": tag})
    assert changed.headers["etag"] != tag
    assert changed.json()["trace_id"] == changed.headers["x-trace-id"]
    # The tag is of the content alone: who asks without one gets the same.
    assert client.request("GET", path, expect=200).headers["etag"] == changed.headers["etag"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/integrations/status",
        "/api/integrations/openai/events",
        "/api/integrations/openai/events?limit=1",
        "/api/integrations/openai/stats",
        "/api/integrations/openai/stats?hours=1",
    ],
)
def test_status_events_and_statistics_change_with_an_event_only(shared_server, admin, path):
    caller = admin.with_token("usage:write")
    for client in (admin, admin.with_token("usage:read", "status:read")):
        check_tag(client, path, lambda: caller.post("/api/usage/events", [usage_event()]))


def test_an_event_of_another_integration_changes_no_list_but_its_own(shared_server, admin):
    caller = admin.with_token("usage:write")
    path = "/api/integrations/fred/events"
    tag = admin.request("GET", path, expect=200).headers["etag"]
    caller.post("/api/usage/events", [usage_event(integration="newsapi")])
    admin.request("GET", path, expect=304, headers={"If-None-Match": tag})
    caller.post("/api/usage/events", [usage_event(integration="fred")])
    admin.request("GET", path, expect=200, headers={"If-None-Match": tag})


def test_the_status_of_alerts_changes_with_a_message(start_gateway):
    gateway = start_gateway(env={**GENEROUS, "COUNTERSIGN_PROBES_ENABLED": "false"})
    body = {"to": fresh_number()}
    check_tag(
        gateway.admin,
        "/api/alerts/status",
        lambda: gateway.admin.post("/api/alerts/sms/test", body),
    )


def test_a_tag_is_no_way_around_who_may_read(shared_server, admin):
    path = "/api/integrations/status"
    tag = admin.request("GET", path, expect=200).headers["etag"]
    for header in (tag, "*"):
        stranger = shared_server.client().request("GET", path, headers={"If-None-Match": header})
        check_our_error(stranger, 401, "not_signed_in")
        assert "etag" not in stranger.headers
    token = admin.with_token("usage:read")
    token.request("GET", path, expect=403, headers={"If-None-Match": tag})
