"""Reads publishers' checksum files over HTTP. The image itself is never downloaded here: PVE nodes do that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests

from stardock.deadline import within
from stardock.errors import ConditionError
from stardock.images.checksums import FILE_NAME, ChecksumFileError, find

#: No checksum file of the systems' publishers comes near.
MAX_BYTES = 1 << 20
#: Seconds to connect, between two pieces of an answer, and for all of it, redirects included: a drip of bytes never ends.
TIMEOUT = (10.0, 30.0)
WHOLE_SECONDS = 90.0
MOST_REDIRECTS = 5
_SHOWN = 200
NOT_FOUND = (403, 404, 410)


@dataclass(frozen=True, slots=True)
class Published:
    """What a publisher says of an image. `name` is given where the file calls the image otherwise than its URL does."""

    checksum: str
    checksum_url: str
    name: str | None = None


def published(url: str, checksum_url: str | None) -> Published:
    """The checksum of the image at `url`: from `checksum_url`, or from the files that usually lie beside an image.

    ConditionError when there is none, when it does not answer, or when it is no such file.
    """
    if checksum_url:
        return _said(url, checksum_url, fetched(checksum_url))
    tried = list(_usual(url))
    for candidate in tried:
        text = _fetched_if_there(candidate)
        if text is not None:
            return _said(url, candidate, text)
    raise ConditionError(
        f"{url}: no checksum file beside it; looked for {', '.join(_name(one) for one in tried)}",
        cure="name the publisher's with `checksum_url`, or write `checksum` into cluster.yaml",
    )


def _usual(url: str) -> Iterator[str]:
    bare = url.split("?", maxsplit=1)[0]
    folder = bare.rpartition("/")[0]
    yield from (f"{bare}.sha512", f"{bare}.sha256", f"{folder}/SHA512SUMS", f"{folder}/SHA256SUMS")


def _said(url: str, checksum_url: str, text: str) -> Published:
    name = _name(url)
    try:
        entry = find(text, name, alone=_name(checksum_url).startswith(name + "."))
    except ChecksumFileError as error:
        cure = "see what lies there; `checksum_url` names another file, `checksum` states the digest itself"
        raise ConditionError(f"{checksum_url}: {error}", cure=cure) from error
    other = entry.name if entry.name != name and re.fullmatch(FILE_NAME, entry.name or "") else None
    return Published(entry.checksum, checksum_url, other)


def _name(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2]


def fetched(url: str) -> str:
    """The text at a URL. ConditionError when it cannot be had."""
    text = _fetched_if_there(url)
    if text is None:
        raise ConditionError(
            f"{url}: there is no such file", cure="look where the publisher keeps its checksums; `checksum_url` names the file"
        )
    return text


def _fetched_if_there(url: str) -> str | None:
    """None when the host says that there is none."""
    late = ConditionError(f"{url}: the answer does not end within {WHOLE_SECONDS:.0f} s", cure="try again, or use `image.mirror`")
    try:
        return within(WHOLE_SECONDS, lambda: _followed(url), lambda: late)
    except requests.RequestException as error:
        cure = "HTTPS_PROXY names a proxy, REQUESTS_CA_BUNDLE a CA; without a way there, use `image.mirror` or `image.file`"
        raise ConditionError(f"{url}: {_words(error)}", cure=cure) from error


class _Session(requests.Session):
    """Redirects are followed by `_followed`: requests reads the body of each, whatever its size (2.32, `Session.resolve_redirects`)."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 -- requests' signature
        """Nowhere."""
        return None


def _followed(url: str) -> str | None:
    place = url
    for _ in range(MOST_REDIRECTS + 1):
        with _Session() as session, session.get(place, timeout=TIMEOUT, stream=True, headers={"Accept-Encoding": "identity"}) as answer:
            if answer.is_redirect:
                place = urljoin(place, answer.headers["Location"])
                _refuse_downgrade(url, place)
                continue
            if answer.status_code in NOT_FOUND:
                return None
            answer.raise_for_status()
            return _read(url, answer)
    raise ConditionError(f"{url}: leads on and on, in the end to {place[:_SHOWN]}", cure="name the file itself with `checksum_url`")


def _refuse_downgrade(url: str, end: str) -> None:
    if url.startswith("https:") and not end.startswith("https:"):
        raise ConditionError(
            f"{url}: leads to {end[:_SHOWN]}, where nothing vouches for it", cure="name a file that is served by https with `checksum_url`"
        )


def _read(url: str, answer: requests.Response) -> str:
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise ConditionError(f"{url}: is packed, although nobody asked for that", cure="name a plain file with `checksum_url`")
    content = b""
    for piece in answer.iter_content(1 << 16):
        content += piece
        if len(content) > MAX_BYTES:
            raise ConditionError(f"{url}: larger than {MAX_BYTES >> 20} MiB, so no file of checksums", cure="name it with `checksum_url`")
    return content.decode("utf-8", errors="replace")


def _words(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"answers {error.response.status_code} {error.response.reason[:_SHOWN]}"
    if isinstance(error, requests.Timeout):
        return "does not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    return "cannot be reached"
