"""All nine origins in one background thread."""

import asyncio
import resource
import threading

from .origin import Origin
from .providers import (
    alpaca,
    alpaca_data,
    anthropic,
    finnhub,
    fred,
    newsapi,
    openai,
    polygon,
    twilio,
)

INTEGRATIONS = {
    "twilio": twilio,
    "alpaca": alpaca,
    "alpaca-data": alpaca_data,
    "polygon": polygon,
    "finnhub": finnhub,
    "openai": openai,
    "anthropic": anthropic,
    "newsapi": newsapi,
    "fred": fred,
}
# 512 streams are 512 sockets here and as many at the client, which is the same process.
OPEN_FILES_WANTED = 8192


class Upstream:
    """`upstream["openai"]` is OpenAI's origin. `env` holds the real credentials under the names
    that the gateway reads; a `strict` one takes them only where the gateway has to put them."""

    def __init__(self, env: dict[str, str], strict: bool = True):
        self.origins = {
            name: Origin(name, provider, env, strict) for name, provider in INTEGRATIONS.items()
        }
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __getitem__(self, integration: str) -> Origin:
        return self.origins[integration]

    def __enter__(self) -> "Upstream":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY and soft < OPEN_FILES_WANTED:
            most = OPEN_FILES_WANTED if hard == resource.RLIM_INFINITY else hard
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES_WANTED, most), hard))
        self._thread.start()
        for origin in self.origins.values():
            asyncio.run_coroutine_threadsafe(origin.listen(), self._loop).result()
        return self

    def __exit__(self, *_) -> None:
        async def end():
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def environment(self) -> dict[str, str]:
        """What points a gateway at these origins."""
        return {
            f"COUNTERSIGN_{name.upper().replace('-', '_')}_BASE_URL": origin.url
            for name, origin in self.origins.items()
        }

    @property
    def leaks(self) -> list[str]:
        """What of a caller has arrived anywhere and must not have, and what was no HTTP."""
        return [leak for origin in self.origins.values() for leak in origin.leaks] + [
            f"{origin.integration}: {reason}"
            for origin in self.origins.values()
            for reason in origin.malformed
        ]

    def reset(self) -> None:
        for origin in self.origins.values():
            origin.reset()
