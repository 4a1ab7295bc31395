"""Twilio: messages are created, fetched and listed, and the magic numbers fail as Twilio's do."""

import ipaddress
import re
from urllib.parse import urlsplit

from ..answers import Answer, json_answer
from ..request import Request

VERSION = "2010-04-01"
DATE = "Wed, 25 Nov 2026 09:00:00 +0000"
BODY_CHARACTERS_MAX = 1600
GOOD_FROM = "+15005550006"
FROM_FAILS = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
TO_FAILS = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
MEANING = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    21211: "Invalid 'To' Phone Number",
    21212: "Invalid From Number (caller ID)",
    21408: "Permission to send an SMS has not been enabled for the region",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number is not a valid message-capable number for this account",
    21609: "The 'StatusCallback' URL is not a valid URL",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21612: "The 'To' phone number is not currently reachable via SMS",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the limit",
}
STATUS = {20003: 401, 20404: 404, 20429: 429, 20500: 500}
SID = re.compile(r"(SM|MM)[0-9a-f]{32}")


def answer(request: Request, env: dict[str, str]) -> Answer:
    sid = env["TWILIO_ACCOUNT_SID"]
    match request.method, request.raw_path.split("/")[1:]:
        case "GET", ["2010-04-01", "Accounts", name] if name == f"{sid}.json":
            return json_answer(account(sid))
        case "POST", ["2010-04-01", "Accounts", account_sid, "Messages.json"] if account_sid == sid:
            return create(request, env)
        case "GET", ["2010-04-01", "Accounts", account_sid, "Messages.json"] if account_sid == sid:
            return json_answer(page(sid, request))
        case "GET", ["2010-04-01", "Accounts", account_sid, "Messages", name] if account_sid == sid:
            if SID.fullmatch(name.removesuffix(".json")):
                return json_answer(message(sid, name.removesuffix(".json"), "delivered", {}))
    return failure(20404)


def unauthorized(request: Request, env: dict[str, str]) -> Answer:
    return failure(20003)


def failure(code: int) -> Answer:
    """Nearly all codes are a 400; the envelope is the same for all of them."""
    status = STATUS.get(code, 400)
    body = {
        "code": code,
        "message": MEANING[code],
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return json_answer(body, status, {"twilio-concurrent-requests": "1"})


def create(request: Request, env: dict[str, str]) -> Answer:
    form = request.form
    if (code := objection(form, env)) is not None:
        return failure(code)
    request.provider_id = "SM" + request.provider_id[-32:]
    status = "accepted" if "MessagingServiceSid" in form else "queued"
    created = message(env["TWILIO_ACCOUNT_SID"], request.provider_id, status, form)
    return json_answer(created, 201, {"twilio-concurrent-requests": "1"})


def objection(form: dict[str, str], env: dict[str, str]) -> int | None:
    """The code under which Twilio would refuse this message."""
    to, sender, body = form.get("To"), form.get("From"), form.get("Body")
    if not to:
        return 21604
    if not sender and "MessagingServiceSid" not in form:
        return 21603
    if not body and "MediaUrl" not in form and "ContentSid" not in form:
        return 21602
    if sender in FROM_FAILS:
        return FROM_FAILS[sender]
    if sender and sender not in {GOOD_FROM, env["TWILIO_FROM_NUMBER"]}:
        return 21606
    if to in TO_FAILS:
        return TO_FAILS[to]
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", to):
        return 21211
    if len(body or "") > BODY_CHARACTERS_MAX:
        return 21617
    if "StatusCallback" in form and not is_public_url(form["StatusCallback"]):
        return 21609
    return None


def is_public_url(text: str) -> bool:
    url = urlsplit(text)
    if url.scheme not in {"http", "https"} or not url.hostname or url.hostname == "localhost":
        return False
    try:
        return ipaddress.ip_address(url.hostname).is_global
    except ValueError:
        return "." in url.hostname


# Bodies


def account(sid: str) -> dict:
    return {
        "sid": sid,
        "friendly_name": "The mock's account",
        "status": "active",
        "type": "Full",
        "owner_account_sid": sid,
        "date_created": DATE,
        "date_updated": DATE,
        "uri": f"/{VERSION}/Accounts/{sid}.json",
        "subresource_uris": {"messages": f"/{VERSION}/Accounts/{sid}/Messages.json"},
    }


def message(account_sid: str, sid: str, status: str, form: dict[str, str]) -> dict:
    return {
        "sid": sid,
        "account_sid": account_sid,
        "api_version": VERSION,
        "body": form.get("Body", "a message"),
        "date_created": DATE,
        "date_sent": DATE if status == "delivered" else None,
        "date_updated": DATE,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": form.get("From", GOOD_FROM),
        "messaging_service_sid": form.get("MessagingServiceSid"),
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "status": status,
        "subresource_uris": {},
        "to": form.get("To", "+14155550100"),
        "uri": f"/{VERSION}/Accounts/{account_sid}/Messages/{sid}.json",
    }


def page(sid: str, request: Request) -> dict:
    """Two pages of two and one; the client follows `next_page_uri` by itself."""
    number = int(request.query.get("Page", "0"))
    sids = ["SM" + f"{3 * number + n:032x}" for n in range(2 - number)]
    uri = f"/{VERSION}/Accounts/{sid}/Messages.json"
    following = f"{uri}?PageSize=2&Page=1&PageToken=PASM{1:032x}"
    return {
        "messages": [message(sid, name, "delivered", {}) for name in sids],
        "first_page_uri": f"{uri}?PageSize=2&Page=0",
        "next_page_uri": following if number == 0 else None,
        "previous_page_uri": None,
        "page": number,
        "page_size": 2,
        "start": 2 * number,
        "end": 2 * number + len(sids) - 1,
        "uri": f"{uri}?PageSize=2&Page={number}",
    }
