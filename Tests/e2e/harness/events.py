"""Usage events as callers report them."""

import itertools
import time
import uuid
from datetime import datetime, timezone

_ids = itertools.count(1)


def at(seconds_from_now: float = 0) -> str:
    """RFC 3339 in UTC with milliseconds."""
    moment = datetime.fromtimestamp(time.time() + seconds_from_now, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def usage_event(**members) -> dict:
    """A good event with an id of its own."""
    return {
        "source": "e2e",
        "id": f"event-{next(_ids)}-{uuid.uuid4().hex[:8]}",
        "integration": "openai",
        "operation": "POST /v1/chat/completions",
        "status": "ok",
        **members,
    }
