"""rust-analyzer over a fresh crate that uses `stateway`: one file, edited and asked about."""

import re
import subprocess
from pathlib import Path

from lsp import Lsp

# Where the cursor stands in a text of a claim.
CURSOR = "$0"

MANIFEST = """\
[package]
name = "shop"
version = "0.0.0"
edition = "2024"

[dependencies]
stateway = {{ path = '{stateway}' }}

[workspace]
"""

CAPABILITIES = {
    "general": {"positionEncodings": ["utf-8"]},
    "experimental": {"serverStatusNotification": True},
    "window": {"workDoneProgress": False},
    "workspace": {"workspaceEdit": {"documentChanges": True}},
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": False}},
        "hover": {"contentFormat": ["markdown"]},
        "diagnostic": {},
        "rename": {"prepareSupport": True},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix"]}},
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
        },
    },
}

SETTINGS = {
    "procMacro": {"enable": True, "attributes": {"enable": True}},
    "cargo": {"buildScripts": {"enable": True}},
    # What is checked are rust-analyzer's own diagnostics; rustc's have tests of their own.
    "checkOnSave": False,
    # Completions that would add a `use` depend on the rest of the crate graph.
    "completion": {"autoimport": {"enable": False}},
}


class Editor:
    """An editor with one open file, `src/lib.rs`."""

    def __init__(self, rust_analyzer, folder, stateway, text, log):
        self.folder = folder
        self.file = folder / "src" / "lib.rs"
        self.file.parent.mkdir()
        self.file.write_text(text)
        (folder / "Cargo.toml").write_text(MANIFEST.format(stateway=stateway))
        lockfile = stateway.parent / "Cargo.lock"
        if lockfile.exists():
            (folder / "Cargo.lock").write_text(lockfile.read_text())
        self.uri = self.file.as_uri()
        self.version = 1
        self.text = text
        self.server = Lsp([rust_analyzer], folder, log)
        self._open()

    def _open(self):
        self.server.request(
            "initialize",
            {
                "processId": None,
                "rootUri": self.folder.as_uri(),
                "workspaceFolders": [{"uri": self.folder.as_uri(), "name": "shop"}],
                "capabilities": CAPABILITIES,
                "initializationOptions": SETTINGS,
            },
        )
        self.server.notify("initialized", {})
        document = {"uri": self.uri, "languageId": "rust", "version": 1, "text": self.text}
        self.server.notify("textDocument/didOpen", {"textDocument": document})
        self.server.wait_for("experimental/serverStatus", lambda status: status["quiescent"])

    def close(self):
        self.server.stop()

    def write(self, text):
        """Makes `text` the content of the file and returns where its cursor stands, if it has one."""
        at = text.find(CURSOR)
        text = text.replace(CURSOR, "", 1)
        self.version += 1
        self.text = text
        document = {"uri": self.uri, "version": self.version}
        changes = {"textDocument": document, "contentChanges": [{"text": text}]}
        self.server.notify("textDocument/didChange", changes)
        return None if at < 0 else self.position(at)

    def position(self, offset):
        before = self.text.encode()[:offset].decode()
        return {
            "line": before.count("\n"),
            "character": len(before) - (before.rfind("\n") + 1),
        }

    def position_of(self, text, part=None):
        """Where `text` first stands in the file; of `part` within it, if given."""
        offset = self.text.index(text)
        return self.position(offset + (text.index(part) if part else 0))

    def ask(self, method, at=None, **more):
        params = {"textDocument": {"uri": self.uri}, **more}
        if at is not None:
            params["position"] = at
        return self.server.request(f"textDocument/{method}", params)

    def completions(self, at):
        """The names that are offered: of `reserve(..)` and `Deref (use ..)` the first word."""
        answer = self.ask("completion", at) or []
        items = answer["items"] if isinstance(answer, dict) else answer
        return [re.match(r"[\w!:]*", item["label"]).group() or item["label"] for item in items]

    def hover(self, at):
        answer = self.ask("hover", at)
        return answer["contents"]["value"] if answer else ""

    def definitions(self, at):
        """The text on each line that go-to-definition leads to."""
        answer = self.ask("definition", at) or []
        places = answer if isinstance(answer, list) else [answer]
        return [self._line(place) for place in places]

    def _line(self, place):
        uri = place.get("uri") or place["targetUri"]
        span = place.get("range") or place["targetSelectionRange"]
        if uri != self.uri:
            return f"{Path(uri).name}:{span['start']['line'] + 1}"
        return self.text.splitlines()[span["start"]["line"]].strip()

    def diagnostics(self):
        """rust-analyzer's own, as the protocol has them."""
        return self.ask("diagnostic")["items"]

    def assist(self, at, title):
        """The text of the file after the code action `title`; `None` if it is not offered."""
        span = {"start": at, "end": at}
        actions = self.ask("codeAction", range=span, context={"diagnostics": []}) or []
        for action in actions:
            if action["title"] == title:
                return self._edited(self.server.request("codeAction/resolve", action)["edit"])
        return None

    def rename(self, at, name):
        """The text of the file after a rename."""
        return self._edited(self.ask("rename", at, newName=name))

    def _edited(self, edit):
        changes = edit.get("documentChanges")
        if changes is None:
            changes = [
                {"textDocument": {"uri": uri}, "edits": edits}
                for uri, edits in edit["changes"].items()
            ]
        text = self.text
        for change in changes:
            assert change["textDocument"]["uri"] == self.uri, "an edit of another file"
            text = apply(text, change["edits"])
        return text

    def cargo_check(self, text):
        """The errors of rustc for `text`, or an empty string if it compiles."""
        self.file.write_text(text)
        command = ["cargo", "check", "--quiet"]
        run = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        first = re.search(r"^error", run.stderr, re.M)
        return run.stderr[first.start() if first else 0 :] if run.returncode else ""


def apply(text, edits):
    """`text` after the edits, which do not overlap: the last one first."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def offset(at):
        return starts[at["line"]] + at["character"]

    def begin(edit):
        return offset(edit["range"]["start"])

    for edit in sorted(edits, key=begin, reverse=True):
        end = offset(edit["range"]["end"])
        text = text[: begin(edit)] + edit["newText"] + text[end:]
    return text
