"""A small SMTP server on a real socket, which refuses, delays or breaks off as a test wants."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_string
from email.message import Message
from threading import Event, Thread


@dataclass
class MailServer:
    """`answers` by recipient: a line such as `550 no such box`, or what happens after the text: `drop` hangs up, `hang`
    says nothing more until the server ends. No answer is a yes."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    received: list[tuple[str, Message]] = field(default_factory=list)
    awake: Event = field(default_factory=Event)

    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.received]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    mail: MailServer


class _Session(socketserver.StreamRequestHandler):
    server: _Server
    recipient = ""

    def handle(self) -> None:
        self.say("220 ready")
        while line := self.rfile.readline().decode().strip():
            if not self.reply(line):
                return

    def reply(self, line: str) -> bool:
        """Whether the session goes on."""
        word = line.split(" ", maxsplit=1)[0].upper()
        if word == "RCPT":
            return self.take_recipient(line)
        if word == "DATA":
            return self.take_text()
        self.say("221 bye" if word == "QUIT" else "250 fine")
        return word != "QUIT"

    def take_recipient(self, line: str) -> bool:
        self.recipient = line.partition("<")[2].rstrip(">")
        answer = self.server.mail.answers.get(self.recipient, "")
        self.say(answer if answer[:1].isdigit() else "250 fine")
        return True

    def take_text(self) -> bool:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline().decode()) != ".\r\n":
            lines.append(line.removeprefix(".") if line.startswith("..") else line)
        self.server.mail.received.append((self.recipient, message_from_string("".join(lines))))
        answer = self.server.mail.answers.get(self.recipient)
        if answer == "hang":
            self.server.mail.awake.wait(timeout=10)
        if answer in ("drop", "hang"):
            return False
        self.say("250 queued")
        return True

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    with _Server(("127.0.0.1", 0), _Session) as server:
        mail = server.mail = MailServer(port=server.server_address[1])
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield mail
        finally:
            mail.awake.set()
            server.shutdown()
            thread.join()
