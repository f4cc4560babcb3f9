"""What can be tried from here: do PVE nodes let us in by SSH, does anybody answer at an address? All at once, each within seconds."""

from __future__ import annotations

import asyncio
import errno
import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stardock.doctor.folders import Judged, commands, judged
from stardock.doctor.scene import Heard, Tried
from stardock.estate.sftp import session
from stardock.estate.ssh import KEY_VARIABLE, Door
from stardock.model.jump import Jump

#: Seconds until a connection stands, until a PVE node's sshd has spoken, and until a stranger's has.
CONNECT_SECONDS, BANNER_SECONDS, STRANGER_SECONDS = 1.0, 2.0, 0.8
#: Seconds for a login, and how many at once: sshd drops some of more than ten unauthenticated connections, but these go to different hosts.
LOGIN_SECONDS, LOGINS = 10.0, 16
#: Of what a jump host says, at most.
_FIRST_BYTES = 4096
#: How many addresses are asked at once: a descriptor each, of which a process usually has 1024.
STRANGERS = 256
#: What the kernel says where no way leads: no route, no address of that family, no such family.
NO_WAY = frozenset({errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


def ssh(doors: Mapping[str, Door], environ: Mapping[str, str], snippets: Mapping[str, str] | None = None) -> dict[str, Tried]:
    """Try each PVE node's sshd, by name: does it answer, does it let us in, may the account write the folder of `snippets` there?

    No command is run there and no file is touched.
    """
    folders = snippets or {}
    keys = {key: _key_trouble(key, environ) for key in {door.key for door in doors.values()}}
    usable = {name: door for name, door in doors.items() if not keys[door.key]}
    spoken = asyncio.run(_banners(usable))
    found = {name: Tried(str(door.key), keys[door.key]) for name, door in doors.items() if keys[door.key]}
    found |= {name: Tried(str(doors[name]), word) for name, word in spoken.items() if word}
    knocked = [name for name in usable if not spoken[name]]
    with ThreadPoolExecutor(LOGINS) as pool:
        let_in = pool.map(lambda name: _login(doors[name], environ, folders.get(name, "")), knocked)
        found |= dict(zip(knocked, let_in, strict=True))
    return {name: found[name] for name in doors}


def _key_trouble(key: Path | None, environ: Mapping[str, str]) -> str:
    if key is None:
        return "" if environ.get("SSH_AUTH_SOCK") or environ.get(KEY_VARIABLE) else "no key is named, and no SSH agent runs"
    if not key.is_file():
        return "there is no such key file"
    opened = subprocess.run(
        ["ssh-keygen", "-y", "-P", "", "-f", str(key)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if opened.returncode == 0:
        return ""
    said = (opened.stderr.strip().splitlines() or [""])[-1]
    locked = "incorrect passphrase" in said
    return "the key has a passphrase, which the provider cannot ask for: give it to an agent" if locked else f"no usable key: {said}"


def sshds(places: Mapping[str, tuple[str, int]]) -> dict[str, Tried]:
    """Does an sshd answer at each address and port, by name? Nobody logs in."""
    said = asyncio.run(_spoken(places)) if places else {}
    return {name: Tried(f"{places[name][0]} port {places[name][1]}", word) for name, word in said.items()}


async def _spoken(places: Mapping[str, tuple[str, int]]) -> dict[str, str]:
    said = await asyncio.gather(*(_banner(address, port) for address, port in places.values()))
    return dict(zip(places, said, strict=True))


async def _banners(doors: Mapping[str, Door]) -> dict[str, str]:
    said = await asyncio.gather(*(_banner(door.address, door.port) for door in doors.values()))
    return dict(zip(doors, said, strict=True))


async def _banner(address: str, port: int) -> str:
    """What is wrong; empty when an sshd speaks."""
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(address, port), CONNECT_SECONDS)
    except (OSError, TimeoutError) as error:
        return f"does not answer ({error.strerror if isinstance(error, OSError) and error.strerror else 'silence'})"
    try:
        line = await asyncio.wait_for(reader.readline(), BANNER_SECONDS)
    except (OSError, TimeoutError, ValueError):
        line = b""
    writer.close()
    return "" if line.startswith(b"SSH-") else "answers, but not as an sshd does"


def _login(door: Door, environ: Mapping[str, str], folder: str) -> Tried:
    """A whole login with the SFTP subsystem, a look at a folder, then goodbye.

    Host keys are not looked at: nothing is told and nothing is believed here.
    """
    done = session(door, {**environ, "LC_ALL": "C"}, commands(folder) if folder else "", LOGIN_SECONDS)
    if done.ended or done.code != 0:
        return Tried(str(door), done.ended or done.said or "no login")
    found = judged(done.out, folder, door.user) if folder else Judged(True)
    wrong, doubt = ("", found.why) if found.may is None else (found.why, "")
    return Tried(str(door), wrong, doubt, "" if found.may else folder)


def jumps(targets: Mapping[Jump, str], key: Path | None) -> dict[str, Tried]:
    """Try each jump host: does its sshd answer as one that is known, let us in, and lead to the HOST:PORT of a machine? By its name.

    No command is run there. That no machine answers behind it yet is nothing wrong with it.
    """
    with ThreadPoolExecutor(LOGINS) as pool:
        said = pool.map(lambda jump: _through(jump, targets[jump], key), targets)
        return {str(jump): Tried(str(jump), trouble) for jump, trouble in zip(targets, said, strict=True)}


def _through(jump: Jump, target: str, key: Path | None) -> str:
    """What is wrong; empty when an sshd speaks behind it, or it says that nothing does."""
    identity = ["-i", str(key)] if key else []
    command = ["ssh", *jump.options, "-o", f"ConnectTimeout={LOGIN_SECONDS / 2:.0f}", *identity, "-W", target, jump.place]
    said = _first_words(command)
    if "SSH-" in said or "connect failed" in said:
        return ""
    return said.strip().splitlines()[-1] if said.strip() else "it lets us in, and says nothing of the machine"


def _first_words(command: Sequence[str]) -> str:
    """What it prints first: whoever answers may send without an end, or never."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    ended, found = time.monotonic() + LOGIN_SECONDS, b""
    try:
        while process.stdout and len(found) < _FIRST_BYTES and b"SSH-" not in found and (left := ended - time.monotonic()) > 0:
            ready, _, _ = select.select([process.stdout], [], [], left)
            more = os.read(process.stdout.fileno(), _FIRST_BYTES) if ready else b""
            if not more:
                break
            found += more
    finally:
        process.kill()
        process.wait()
    return "".join(char for char in found.decode(errors="replace") if char.isprintable() or char == "\n")


def answering(ports: Mapping[str, int]) -> dict[str, Heard]:
    """Of these addresses, each tried on one port, those that somebody seems to have, and how we know; and those that cannot be asked."""
    return asyncio.run(_all_answering(ports)) if ports else {}


async def _all_answering(ports: Mapping[str, int]) -> dict[str, Heard]:
    room = asyncio.Semaphore(STRANGERS)

    async def one(address: str, port: int) -> Heard | None:
        async with room:
            return await _answers(address, port)

    said = await asyncio.gather(*(one(address, port) for address, port in ports.items()))
    return {address: word for address, word in zip(ports, said, strict=True) if word}


async def _answers(address: str, port: int) -> Heard | None:
    """Silence is no answer: nobody, or a host that drops what it does not know. A proxy may accept for everybody, but says nothing."""
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(address, port), CONNECT_SECONDS)
    except ConnectionRefusedError:
        return Heard(f"port {port} is refused, by a host or by a firewall on the way", sure=False)
    except OSError as error:  # TimeoutError is one
        return Heard(os.strerror(error.errno), sure=False, asked=False) if error.errno in NO_WAY else None
    try:
        word = await asyncio.wait_for(reader.readline(), STRANGER_SECONDS)
    except (OSError, TimeoutError, ValueError):
        word = b""
    writer.close()
    if word.startswith(b"SSH-"):
        return Heard(f"an sshd answers on port {port}", sure=True)
    return Heard(f"port {port} is open and says nothing: a host, or a proxy on the way that accepts for everybody", sure=False)
