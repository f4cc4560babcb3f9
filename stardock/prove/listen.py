"""A program on a stranger's machine, listened to: what it says has an end, in bytes and in time."""

from __future__ import annotations

import os
import selectors
import subprocess
import time

#: Bytes of each of its two streams: what an update says is far less.
MOST_BYTES = 1 << 20
_CHUNK = 1 << 16


class TooMuchError(Exception):
    """It said more than `MOST_BYTES`."""


def listen(command: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    """Run it, with nobody to read from. Raises TooMuchError, and subprocess.TimeoutExpired; it is ended then."""
    until = time.monotonic() + seconds
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            out, err = _heard(process, until)
            code = process.wait(max(0.0, until - time.monotonic()))
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, code, out.decode(errors="replace"), err.decode(errors="replace"))


def _heard(process: subprocess.Popen[bytes], until: float) -> tuple[bytes, bytes]:
    """Both streams to their ends, side by side: neither fills up while the other is waited for."""
    out, err = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        for stream, said in ((process.stdout, out), (process.stderr, err)):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, said)
        while selector.get_map():
            if (left := until - time.monotonic()) <= 0:
                raise subprocess.TimeoutExpired(process.args, left)
            for key, _ in selector.select(left):
                if not _more(key.fd, key.data):
                    selector.unregister(key.fileobj)
    return bytes(out), bytes(err)


def _more(descriptor: int, said: bytearray) -> bool:
    """What is there now; False at the end."""
    chunk = os.read(descriptor, _CHUNK)
    said += chunk
    if len(said) > MOST_BYTES:
        raise TooMuchError
    return bool(chunk)
