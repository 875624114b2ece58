"""A language server on stdio, as a test needs it: requests that wait for their answer."""

import json
import queue
import subprocess
import threading

CONTENT_MODIFIED = -32801
SERVER_CANCELLED = -32802


class LspError(Exception):
    """The server refused a request, died, or did not answer in time."""


class Lsp:
    """One running language server.

    `request` and `notify` send; `wait_for` waits for a notification. What the server asks of an
    editor is answered with nothing, which every server has to live with.
    """

    def __init__(self, command, cwd, log, timeout=300):
        self.timeout = timeout
        self.last_id = 0
        self.process = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
        self.incoming = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def request(self, method, params):
        """The result of `method`; asked again where the server lost it to a change of the text."""
        while True:
            self.last_id += 1
            asked = self.last_id
            self._send({"id": asked, "method": method, "params": params})
            answer = self._next(lambda message: message.get("id") == asked)
            error = answer.get("error")
            if error is None:
                return answer.get("result")
            if error["code"] not in (CONTENT_MODIFIED, SERVER_CANCELLED):
                raise LspError(f"{method}: {error['message']}")

    def notify(self, method, params):
        self._send({"method": method, "params": params})

    def wait_for(self, method, accept):
        """Waits for a notification `method` whose parameters `accept` takes."""
        self._next(lambda it: it.get("method") == method and accept(it["params"]))

    def stop(self):
        try:
            self.request("shutdown", None)
            self.notify("exit", None)
            self.process.wait(timeout=10)
        except (LspError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()

    def _next(self, accept):
        while True:
            try:
                message = self.incoming.get(timeout=self.timeout)
            except queue.Empty:
                raise LspError(f"no answer in {self.timeout} seconds") from None
            if message is None:
                raise LspError("the server ended")
            if "id" in message and "method" in message:
                self._answer(message)
            elif accept(message):
                return message

    def _answer(self, asked):
        nothing = None
        if asked["method"] == "workspace/configuration":
            nothing = [None for _ in asked["params"]["items"]]
        self._send({"id": asked["id"], "result": nothing})

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _read(self):
        stream = self.process.stdout
        while True:
            length = None
            while (line := stream.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if length is None:
                self.incoming.put(None)
                return
            self.incoming.put(json.loads(stream.read(length)))
