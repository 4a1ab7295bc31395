"""A TCP proxy in front of a server that can forget what the server says."""

import re
import socket
import threading


class Proxy:
    """Passes everything on, but for what `drops` names: while it is set, messages from the server
    whose payload matches are left out whole. While it is cut, nothing comes through and nobody is
    told, as with a cable."""

    def __init__(self, target: int):
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.drops: re.Pattern | None = None
        self.dropped: list[bytes] = []
        self._is_cut = False
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._sockets += [client, server]
            for body in (self._up, self._down):
                threading.Thread(target=body, args=(client, server), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while data := client.recv(65536):
                if not self._is_cut:
                    server.sendall(data)
        except OSError:
            pass
        server.close()

    def _down(self, client: socket.socket, server: socket.socket) -> None:
        rest = b""
        try:
            while data := server.recv(65536):
                rest += data
                whole, rest = self._split(rest)
                if not self._is_cut:
                    client.sendall(whole)
        except OSError:
            pass
        client.close()

    def _split(self, data: bytes) -> tuple[bytes, bytes]:
        """Whole operations that are to be passed on, and what has not ended."""
        out = b""
        while (end := data.find(b"\r\n")) >= 0:
            line = data[:end]
            size = 0
            if line[:4].upper() in (b"MSG ", b"HMSG"):
                size = int(line.split()[-1]) + 2
            if len(data) < end + 2 + size:
                break
            operation, data = data[: end + 2 + size], data[end + 2 + size :]
            if size and self.drops and self.drops.search(operation):
                self.dropped.append(operation)
                continue
            out += operation
        return out, data

    def cut(self) -> None:
        self._is_cut = True

    def heal(self) -> None:
        """What was under way is gone, so both sides have to begin anew."""
        sockets, self._sockets = self._sockets, []
        for each in sockets:
            self._end(each)
        self._is_cut = False

    def close(self) -> None:
        self._listener.close()
        for each in self._sockets:
            self._end(each)

    @staticmethod
    def _end(each: socket.socket) -> None:
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        each.close()
