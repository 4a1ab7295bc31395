"""Alpaca's trading API: clock, account, positions and orders."""

import time
import uuid

from ..answers import Answer, json_answer
from ..request import Request

SYMBOL = "AAPL"
ASSET_ID = "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415"
MOMENT = "2026-11-25T14:30:00Z"


def answer(request: Request, env: dict[str, str]) -> Answer:
    match request.method, request.raw_path.split("/")[1:]:
        case (("GET" | "HEAD"), ["v2", "clock"]):
            return reply(request, clock())
        case "GET", ["v2", "account"]:
            return reply(request, account())
        case "GET", ["v2", "positions"]:
            return reply(request, [position()])
        case "GET", ["v2", "positions", symbol] if symbol == SYMBOL:
            return reply(request, position())
        case "GET", ["v2", "orders"]:
            return reply(request, [order({"symbol": SYMBOL, "qty": "1"}, str(uuid.uuid4()))])
        case "POST", ["v2", "orders"]:
            return create(request)
        case "GET", ["v2", "orders", order_id]:
            return reply(request, order({"symbol": SYMBOL, "qty": "1"}, order_id))
        case "DELETE", ["v2", "orders", _]:
            return Answer(204, headers(request))
    return failure(request, 404, 40410000, "resource not found")


def unauthorized(request: Request, env: dict[str, str]) -> Answer:
    return failure(request, 401, 40110000, "request is not authorized")


def headers(request: Request) -> list[tuple[str, str]]:
    return [
        ("X-Request-ID", request.provider_id),
        ("X-Ratelimit-Limit", "200"),
        ("X-Ratelimit-Remaining", "199"),
        ("X-Ratelimit-Reset", str(int(time.time()) + 60)),
    ]


def reply(request: Request, value) -> Answer:
    return json_answer(value, headers=headers(request))


def failure(request: Request, status: int, code: int, message: str) -> Answer:
    return json_answer({"code": code, "message": message}, status, headers(request))


def create(request: Request) -> Answer:
    asked = request.json
    if not {"symbol", "side", "type", "time_in_force"} <= asked.keys():
        return failure(request, 422, 40010001, "symbol, side, type and time_in_force are required")
    if "qty" not in asked and "notional" not in asked:
        return failure(request, 422, 40010001, "qty or notional is required")
    return reply(request, order(asked, str(uuid.uuid4())))


# Bodies


def clock() -> dict:
    return {
        "timestamp": MOMENT,
        "is_open": True,
        "next_open": "2026-11-27T14:30:00Z",
        "next_close": "2026-11-25T21:00:00Z",
    }


def account() -> dict:
    money = {name: "100000" for name in ("buying_power", "cash", "equity", "portfolio_value")}
    return {
        "id": "e6fe16f3-64a4-4921-8928-cadf02f92f98",
        "account_number": "PA3MOCK00001",
        "status": "ACTIVE",
        "crypto_status": "ACTIVE",
        "currency": "USD",
        **money,
        "trading_blocked": False,
        "transfers_blocked": False,
        "account_blocked": False,
        "trade_suspended_by_user": False,
        "shorting_enabled": True,
        "multiplier": "2",
        "created_at": MOMENT,
    }


def position() -> dict:
    return {
        "asset_id": ASSET_ID,
        "symbol": SYMBOL,
        "exchange": "NASDAQ",
        "asset_class": "us_equity",
        "asset_marginable": True,
        "qty": "5",
        "qty_available": "5",
        "avg_entry_price": "180.25",
        "side": "long",
        "market_value": "905.5",
        "cost_basis": "901.25",
        "unrealized_pl": "4.25",
        "unrealized_plpc": "0.0047",
        "unrealized_intraday_pl": "1",
        "unrealized_intraday_plpc": "0.001",
        "current_price": "181.1",
        "lastday_price": "180.9",
        "change_today": "0.001",
    }


def order(asked: dict, order_id: str) -> dict:
    moments = {name: MOMENT for name in ("created_at", "updated_at", "submitted_at")}
    return {
        "id": order_id,
        "client_order_id": asked.get("client_order_id") or str(uuid.uuid4()),
        **moments,
        "asset_id": ASSET_ID,
        "symbol": asked["symbol"],
        "asset_class": "us_equity",
        "notional": asked.get("notional"),
        "qty": str(asked["qty"]) if "qty" in asked else None,
        "filled_qty": "0",
        "filled_avg_price": None,
        "order_class": "simple",
        "order_type": asked.get("type", "market"),
        "type": asked.get("type", "market"),
        "side": asked.get("side", "buy"),
        "time_in_force": asked.get("time_in_force", "day"),
        "limit_price": asked.get("limit_price"),
        "stop_price": None,
        "status": "accepted",
        "extended_hours": False,
        "legs": None,
    }
