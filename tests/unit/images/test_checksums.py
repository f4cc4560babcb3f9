"""Publishers' checksum files, in the shapes that they have, and in those that are none."""

from __future__ import annotations

import pytest

from stardock.images.checksums import ChecksumFileError, find

pytestmark = pytest.mark.unit

NAME = "debian-12-genericcloud-amd64.qcow2"
A256, B256, A512 = "a" * 64, "b" * 64, "c" * 128

SIGNED = f"""-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

{A256}  MicroOS-Snapshot20261120.qcow2
-----BEGIN PGP SIGNATURE-----

iQEzBAEBCAAdFiEE{"0" * 48}
=abcd
-----END PGP SIGNATURE-----
"""

GOOD = {
    "SHA512SUMS": (f"{'d' * 128}  debian-12-genericcloud-amd64.json\n{A512}  {NAME}\n", False, f"sha512:{A512}"),
    "SHA256SUMS of binary files": (f"{A256} *{NAME}\n{B256} *other.img\n", False, f"sha256:{A256}"),
    "with folders": (f"{A256}  ./cloud/{NAME}\n", False, f"sha256:{A256}"),
    "BSD": (f"SHA256 ({NAME}) = {A256.upper()}\n", False, f"sha256:{A256}"),
    "CRLF": (f"{A256}  {NAME}\r\n", False, f"sha256:{A256}"),
    "bare digest": (f"{A256}\n", True, f"sha256:{A256}"),
    "signed, of a snapshot's name": (
        SIGNED,
        True,
        f"sha256:{A256}",
    ),
    "DIGESTS, the strongest wins": (
        f"# MD5 HASH\n{'1' * 32}  {NAME}\n# SHA1 HASH\n{'2' * 40}  {NAME}\n# SHA256 HASH\n{A256}  {NAME}\n# SHA512 HASH\n{A512}  {NAME}\n",
        True,
        f"sha512:{A512}",
    ),
}

BAD = {
    "a web page": ("<!DOCTYPE html>\n<html>", True, "it holds no sha256 and no sha512, but begins with '<!DOCTYPE html>'"),
    "nothing": ("\n", True, "nothing at all"),
    "MD5 only": (f"{'1' * 32}  {NAME}\n", True, "it holds no sha256"),
    "a digest cut short": (f"{A256[:-1]}  {NAME}\n", True, "it holds no sha256"),
    "another image": (f"{A256}  other.qcow2\n", False, f"it does not name {NAME}, but other.qcow2"),
    "several others": (f"{A256}  a\n{A256}  b\n{A256}  c\n{A256}  d\n", True, "but a, b, c and 1 more"),
    "two digests of one name": (f"{A256}  {NAME}\n{B256}  {NAME}\n", False, f"it gives two different sha256 of {NAME}"),
}


@pytest.mark.parametrize("case", GOOD)
def test_the_publishers_checksum_file_is_understood(case: str) -> None:
    text, alone, checksum = GOOD[case]
    assert find(text, NAME, alone=alone).checksum == checksum


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_says_nothing_certain_is_refused(case: str) -> None:
    text, alone, words = BAD[case]
    with pytest.raises(ChecksumFileError) as caught:
        find(text, NAME, alone=alone)
    assert words in str(caught.value)
