from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ascrecon.appstore.deadlines import DeadlineAdapter, total_limit

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    return path


def _serve_once(listener: socket.socket, context: ssl.SSLContext, pause: float) -> None:
    connection, _ = listener.accept()
    with context.wrap_socket(connection, server_side=True) as secure:
        secure.recv(65536)
        secure.sendall(HEAD)
        try:
            for _ in range(40):
                secure.sendall(b"x")
                time.sleep(pause)
        except OSError:
            return  # the client hung up


def _fetch(certificate: Path, pause: float) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener, requests.Session() as session:
        threading.Thread(target=_serve_once, args=(listener, context, pause), daemon=True).start()
        session.mount("https://", DeadlineAdapter())
        session.trust_env = False
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        with total_limit(0.5):
            return session.get(url, verify=str(certificate), timeout=(1, 1)).content


def test_it_reads_a_quick_answer_over_tls(certificate: Path) -> None:
    assert _fetch(certificate, pause=0) == b"x" * 40


def test_it_ends_a_dripping_answer_over_tls(certificate: Path) -> None:
    started = time.monotonic()
    with pytest.raises(requests.ConnectionError, match="the time for the whole answer is over|timed out"):
        _fetch(certificate, pause=0.05)
    assert time.monotonic() - started < 1.5


def test_it_knows_no_django() -> None:
    program = "import ascrecon.appstore, sys; sys.exit('django' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0
