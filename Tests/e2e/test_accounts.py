"""Registration, profile, passwords, activity, administration."""

import time

import pytest

from harness import COOKIE_NAME, PASSWORD, fresh_email


def test_a_registration_answers_the_user_and_a_safe_cookie(shared_server, admin):
    client = shared_server.client()
    answer = client.request(
        "POST",
        "/api/auth/register",
        json={"email": fresh_email(), "password": PASSWORD, "phone_e164": "+14155550100"},
        expect=201,
    )
    attributes = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert answer.headers["set-cookie"].startswith(f"{COOKIE_NAME}=")
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= attributes
    assert not any(part.startswith("domain") for part in attributes)
    user = answer.json()["user"]
    assert user["phone_e164"] == "+14155550100" and user["role"] == "member"
    assert user["two_factor_enabled"] is False and user["two_factor_enrolled_at"] is None
    assert user["backup_codes_remaining"] == 0


def test_the_same_address_in_another_form_is_the_same_account(member, shared_server):
    twin = shared_server.client()
    for form in (member.email.upper(), f"  {member.email}  "):
        refused = twin.post("/api/auth/register", {"email": form, "password": PASSWORD}, expect=409)
        assert refused["error_code"] == "email_taken"
    assert twin.login(member.email.upper())["user"]["id"] == member.user["id"]


def test_of_100_parallel_registrations_of_one_address_one_wins(shared_server, admin, in_parallel):
    email = fresh_email()

    def register(_):
        answer = shared_server.client().request(
            "POST", "/api/auth/register", json={"email": email, "password": PASSWORD}
        )
        return answer.status_code

    statuses = in_parallel(100, register)
    assert statuses.count(201) == 1
    # Hashing is bounded: who cannot be served in time is told so, and nobody gets a second account.
    assert set(statuses) <= {201, 409, 503}


@pytest.mark.parametrize(
    "password, code",
    [
        ("short12", "password_too_short"),
        ("x" * 129, "password_too_long"),
        ("password123", "password_common"),
        ("12345678", "password_common"),
    ],
)
def test_a_bad_password_is_refused_with_its_reason(shared_server, admin, password, code):
    refused = shared_server.client().post(
        "/api/auth/register", {"email": fresh_email(), "password": password}, expect=422
    )
    assert refused["error_code"] == code and refused["field"] == "password"


def test_passwords_count_code_points_and_are_compared_after_nfkc(shared_server, admin):
    client = shared_server.client()
    client.register(password="ｐａｓｓｐｈｒａｓｅ of four")
    assert client.login(password="passphrase of four")["user"]["email"] == client.email
    shared_server.client().register(password="🦉" * 8)


@pytest.mark.parametrize(
    "email", ["", "no-at-sign", "two@@example.com", "a@", "@b.example", "a b@c.example"]
)
def test_what_is_no_address_is_refused(shared_server, admin, email):
    refused = shared_server.client().post(
        "/api/auth/register", {"email": email, "password": PASSWORD}, expect=422
    )
    assert refused["error_code"] == "email_invalid" and refused["field"] == "email"


def test_an_unknown_user_and_a_wrong_password_are_answered_alike(member, shared_server):
    client = shared_server.client()
    wrong = client.login(member.email, "not the right password", expect=401)
    unknown = client.login(fresh_email(), "not the right password", expect=401)
    same = ("error_code", "message", "suggested_fix")
    assert [wrong[key] for key in same] == [unknown[key] for key in same]
    assert wrong["error_code"] == "invalid_credentials"


def test_an_unknown_user_costs_as_much_work_as_a_wrong_password(servers):
    server = servers.start()
    server.admin()
    client = server.client()

    def seconds(email) -> float:
        start = time.perf_counter()
        client.login(email, "not the right password", expect=401)
        return time.perf_counter() - start

    members = [server.client() for _ in range(9)]
    for each in members:
        each.register()
    # In turns, so that whatever else the machine does falls on both alike.
    pairs = [(seconds(each.email), seconds(fresh_email())) for each in members]
    known, unknown = (sorted(times)[len(times) // 2] for times in zip(*pairs))
    # Without the same hash the two differ tenfold and more.
    assert 0.2 < known / unknown < 5.0


def test_wrong_passwords_are_slowed_but_a_stranger_cannot_lock_the_owner_out(servers):
    server = servers.start(env={"COUNTERSIGN_TRUSTED_PROXIES": "127.0.0.0/8"})
    owner = server.client()
    forwarded = {"X-Forwarded-For": "198.51.100.1"}
    owner.request(
        "POST",
        "/api/auth/register",
        headers=forwarded,
        expect=201,
        json={"email": "owner@example.com", "password": PASSWORD},
    )
    stranger = {"X-Forwarded-For": "203.0.113.9"}
    refused = []
    for _ in range(14):
        answer = server.client().request(
            "POST",
            "/api/auth/login",
            headers=stranger,
            json={"email": "owner@example.com", "password": "wrong wrong wrong"},
        )
        refused.append(answer)
        if answer.status_code == 429:
            break
    assert refused[-1].status_code == 429
    assert refused[-1].json()["error_code"] == "too_many_attempts"
    assert int(refused[-1].headers["retry-after"]) >= 1
    server.client().request(
        "POST",
        "/api/auth/login",
        headers=forwarded,
        expect=200,
        json={"email": "owner@example.com", "password": PASSWORD},
    )


def test_the_phone_number_can_be_changed_and_removed(member):
    assert (
        member.patch("/api/auth/profile", {"phone_e164": "+4915112345678"})["user"]["phone_e164"]
        == "+4915112345678"
    )
    assert member.patch("/api/auth/profile", {"phone_e164": None})["user"]["phone_e164"] is None
    assert (
        member.patch("/api/auth/profile", {"phone_e164": "0151"}, expect=422)["error_code"]
        == "phone_invalid"
    )
    assert member.patch("/api/auth/profile", {}, expect=422)["error_code"] == "validation_failed"


def test_a_password_change_ends_the_other_sessions_and_renews_this_one(member, shared_server):
    other = shared_server.client()
    other.login(member.email)
    old_cookie = member.cookie
    member.post(
        "/api/auth/password/change",
        {"current_password": "not it, surely", "new_password": "another good one"},
        expect=401,
    )
    member.post(
        "/api/auth/password/change",
        {"current_password": PASSWORD, "new_password": "another good one"},
    )
    assert member.cookie != old_cookie and member.signed_in()
    assert not other.signed_in()
    stolen = shared_server.client()
    stolen.cookie = old_cookie
    assert not stolen.signed_in()
    shared_server.client().login(member.email, PASSWORD, expect=401)
    shared_server.client().login(member.email, "another good one")


def test_an_admins_reset_token_sets_a_password_once_and_the_second_factor_stays(
    member, admin, shared_server
):
    authenticator, _ = member.enroll()
    issued = admin.post(f"/api/admin/users/{member.user['id']}/reset-password")
    body = {"reset_token": issued["reset_token"], "new_password": "chosen after a reset"}
    shared_server.client().post("/api/auth/password/reset", body)
    assert not member.signed_in()
    again = shared_server.client().post("/api/auth/password/reset", body, expect=401)
    assert again["error_code"] == "reset_token_invalid"
    member.login(password=PASSWORD, expect=401)
    member.password = "chosen after a reset"
    member.verify(member.challenge(), code=authenticator.code())


def test_the_activity_lists_security_events_newest_first_with_their_trace_ids(member):
    trace = member.patch("/api/auth/profile", {"phone_e164": "+14155550101"})["trace_id"]
    events = member.get("/api/auth/activity")["events"]
    assert events[0]["trace_id"] == trace
    assert [event["at"] for event in events] == sorted((e["at"] for e in events), reverse=True)


def test_the_first_account_is_admin_and_later_ones_are_members(server):
    assert server.admin().user["role"] == "admin"
    assert server.client().register()["user"]["role"] == "member"


def test_registration_can_be_closed(servers):
    server = servers.start(env={"COUNTERSIGN_REGISTRATION": "closed"})
    refused = server.client().post(
        "/api/auth/register", {"email": fresh_email(), "password": PASSWORD}, expect=403
    )
    assert refused["error_code"] == "registration_closed"


def test_an_admin_disables_and_enables_an_account(member, admin, shared_server):
    path = f"/api/admin/users/{member.user['id']}"
    admin.post(f"{path}/disable")
    assert not member.signed_in()
    assert member.login(expect=403)["error_code"] == "account_disabled"
    assert (
        shared_server.client().login(member.email, "a wrong password", expect=401)["error_code"]
        == "invalid_credentials"
    )
    admin.post(f"{path}/enable")
    member.login()
    kinds = [event["kind"] for event in member.get("/api/auth/activity")["events"]]
    assert "disabled" in kinds and "enabled" in kinds


def test_an_admin_ends_sessions_and_resets_a_second_factor(member, admin):
    member.enroll()
    path = f"/api/admin/users/{member.user['id']}"
    admin.post(f"{path}/reset-second-factor")
    admin.post(f"{path}/end-sessions")
    assert not member.signed_in()
    assert member.login()["user"]["two_factor_enabled"] is False
    assert (
        admin.post(f"{path}/reset-second-factor", expect=409)["error_code"]
        == "two_factor_not_enabled"
    )


def test_administration_is_for_admins(member, shared_server):
    calls = [
        ("GET", "/api/admin/users"),
        ("POST", f"/api/admin/users/{member.user['id']}/disable"),
        ("POST", f"/api/admin/users/{member.user['id']}/reset-password"),
        ("POST", f"/api/admin/users/{member.user['id']}/reset-second-factor"),
        ("POST", f"/api/admin/users/{member.user['id']}/end-sessions"),
        ("POST", f"/api/admin/users/{member.user['id']}/enable"),
        ("GET", "/api/tokens"),
    ]
    stranger = shared_server.client()
    for method, path in calls:
        assert member.request(method, path, expect=403).json()["error_code"] == "forbidden"
        assert stranger.request(method, path, expect=401).json()["error_code"] == "not_signed_in"


def test_the_last_admin_cannot_be_disabled(server):
    admin = server.admin()
    refused = admin.post(f"/api/admin/users/{admin.user['id']}/disable", expect=409)
    assert refused["error_code"] == "last_admin" and admin.signed_in()


def test_the_list_of_users_is_paged_without_gap_or_double(server):
    admin = server.admin()
    made = {admin.user["id"]}
    for _ in range(7):
        made.add(server.client().register()["user"]["id"])
    seen, cursor = [], None
    while True:
        page = admin.get(
            "/api/admin/users", params={"limit": 3, **({"cursor": cursor} if cursor else {})}
        )
        assert len(page["users"]) <= 3
        seen += [user["id"] for user in page["users"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert len(seen) == len(made) and set(seen) == made
    assert (
        admin.get("/api/admin/users?cursor=nonsense", expect=422)["error_code"] == "cursor_invalid"
    )
