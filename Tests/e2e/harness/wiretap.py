"""Sees every byte that the server sends to an unmodified client: the client is pointed here, and
everything is handed on as it is."""

import re
import socket
import threading

READ_BYTES = 64 << 10
TRACE_ID = re.compile(rb"\r\nx-trace-id: *([0-9a-f]{32})\r\n", re.IGNORECASE)


class Wiretap:
    def __init__(self, port: int):
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._received = bytearray()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Wiretap":
        return self

    def __exit__(self, *_) -> None:
        self._listener.close()
        with self._lock:
            for one in self._sockets:
                one.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def received(self) -> bytes:
        """All answers so far, heads included."""
        with self._lock:
            return bytes(self._received)

    @property
    def trace_ids(self) -> list[str]:
        return [found.decode() for found in TRACE_ID.findall(self.received)]

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                return
            with self._lock:
                self._sockets += [client, server]
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, keep: bool) -> None:
        try:
            while piece := source.recv(READ_BYTES):
                if keep:
                    with self._lock:
                        self._received += piece
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # One side has gone; the other will notice by itself.
