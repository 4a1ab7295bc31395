"""What libsodium alone does: the hash of a login, on as many threads as there are cores."""

import ctypes
import ctypes.util
import threading
import time

from ..programs import Failure
from .countersign import PASSWORD

# OWASP's least, which the server uses: m = 19 MiB, t = 2, p = 1.
MEMORY_BYTES, PASSES = 19_456 * 1024, 2


def library() -> ctypes.CDLL:
    name = ctypes.util.find_library("sodium")
    if not name:
        raise Failure("libsodium is missing: apt-get install libsodium-dev")
    loaded = ctypes.CDLL(name)
    loaded.crypto_pwhash_str.argtypes = [
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_ulonglong,
        ctypes.c_ulonglong,
        ctypes.c_size_t,
    ]
    loaded.crypto_pwhash_str_verify.argtypes = [
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_ulonglong,
    ]
    loaded.sodium_version_string.restype = ctypes.c_char_p
    if loaded.sodium_init() < 0:
        raise Failure("libsodium can't work here")
    return loaded


def verifications_per_second(threads: int, seconds: float) -> float:
    """Right passwords, checked as the server checks them. Python's lock is free meanwhile."""
    loaded, password = library(), PASSWORD.encode()
    text = ctypes.create_string_buffer(loaded.crypto_pwhash_strbytes())
    if loaded.crypto_pwhash_str(text, password, len(password), PASSES, MEMORY_BYTES):
        raise Failure("libsodium found no memory for a hash")
    hashed, began = text.value, time.monotonic()
    finished: list[float] = []

    def work() -> None:
        while time.monotonic() < began + seconds:
            if loaded.crypto_pwhash_str_verify(hashed, password, len(password)):
                raise Failure("libsodium refuses the right password")
            finished.append(time.monotonic())

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return len(finished) / (max(finished) - began)


def version() -> str:
    return library().sodium_version_string().decode()
