"""An HTTP/2 server that records requests like `Recorder`."""

from __future__ import annotations

import socket
import threading

import h2.config
import h2.connection
import h2.events

from helpers.recorder import Received


class Http2Server:
    """Serve a single connection without TLS.

    Args:
        refused: Number of the request that the server refuses with GOAWAY. It then serves a second connection.
    """

    def __init__(self, refused: int = 0) -> None:
        self.refused = refused
        self.received: list[Received] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Http2Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        self._serve_connection()
        if self.refused:
            self.refused = 0
            self._serve_connection()

    def _serve_connection(self) -> None:
        heads: dict[int, list[tuple[str, str]]] = {}
        bodies: dict[int, bytes] = {}
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        peer, _ = self._listener.accept()
        with peer:
            connection.initiate_connection()
            while True:
                peer.sendall(connection.data_to_send())
                data = peer.recv(65536)
                if not data:
                    return
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        heads[event.stream_id], bodies[event.stream_id] = event.headers, b""
                    elif isinstance(event, h2.events.DataReceived):
                        bodies[event.stream_id] += event.data
                        connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, h2.events.StreamEnded):
                        head = dict(heads[event.stream_id])
                        lines = [f"{name}: {value}\r\n" for name, value in heads[event.stream_id] if name[0] != ":"]
                        lines.append(f"host: {head[':authority']}\r\n")
                        raw = f"{head[':method']} {head[':path']} HTTP/2\r\n{''.join(lines)}\r\n".encode("latin-1")
                        self.received.append(Received(raw, bodies[event.stream_id], 1))
                        if len(self.received) == self.refused:
                            connection.close_connection(last_stream_id=event.stream_id - 2)
                            continue
                        connection.send_headers(event.stream_id, [(":status", "200")], end_stream=True)
