"""Images as they cannot be."""

from __future__ import annotations

from tests.unit.spec.conftest import Case

SYSTEM = "system: debian"
QUOTE = '"'


def image(lines: str, blamed: str, key: str, message: str, cure: str) -> Case:
    """A case of the cluster's image with these lines more."""
    return (SYSTEM, "\n  ".join((SYSTEM, *lines.splitlines()))), blamed, key, message, cure


IMAGES: dict[str, Case] = {
    "datastore_of_an_image_with_a_blank": image("datastore: a b", "a b", "image.datastore", "`a b` is not a PVE storage", "local-lvm"),
    "image_everywhere_in_words": image("everywhere: all", "all", "image.everywhere", "`all` is not true or false", "true or false"),
    "verify_in_words": image("verify: never", "never", "image.verify", "`never` is not true or false", "write false"),
    "image_from_two_places": image(
        "url: https://example.org/x.qcow2\nfile: x.qcow2", "image:", "image", "`url` excludes `file`", "keep one"
    ),
    "mirror_of_an_own_url": image(
        "url: https://example.org/x.qcow2\nmirror: https://mirror.lan",
        "image:",
        "image",
        "`url` excludes `mirror`",
        "mirror of the system's own",
    ),
    "packed_image": image(
        "url: https://example.org/x.qcow2.xz", "x.qcow2.xz", "image.url", "`https://example.org/x.qcow2.xz` is packed", "use `file`"
    ),
    "file_of_an_unknown_kind": image(
        "file: images/x.img", "image:", "image", "`x.img` does not end in .qcow2, .raw or .vmdk", "file_name: image.qcow2"
    ),
    "file_with_a_sha512": image(
        f"file: x.qcow2\nchecksum: sha512:{'a' * 128}", "image:", "image", "`checksum` is a sha512", "runner image pin"
    ),
    "file_with_a_checksum_url": image(
        "file: x.qcow2\nchecksum_url: https://example.org/SHA256SUMS", "image:", "image", "`file` excludes `checksum_url`", "delete it"
    ),
    "image_name_that_pve_does_not_import": image(
        "file_name: x.iso", "x.iso", "image.file_name", "`x.iso` is not a file name that PVE imports", "debian-12.qcow2"
    ),
    "image_name_with_a_path": image(
        "file_name: ../x.raw", "../x.raw", "image.file_name", "`../x.raw` is not a file name", "debian-12.qcow2"
    ),
    "decompression_that_pve_does_not_do": image(
        "decompression: gz",
        "image:",
        "image",
        "there is no `decompression`: PVE unpacks files of content type `iso` only",
        "unpacked image",
    ),
    "content_type_of_an_image": image(
        "content_type: iso",
        "image:",
        "image",
        "there is no `content_type`: PVE imports disks from files of content type `import`",
        "delete it",
    ),
    "release_that_is_not_known": image(
        "release: 11", "release", "image.release", "Debian has no release `11` that Stardock knows", "release: 13 or release: 12"
    ),
    "release_in_a_list": image("release: [13]", "release", "image.release", "is not a release", "write 13"),
    **{
        f"release_said_as_{word}": image(
            f"release: {word}", "release", "image.release", f"no release `{word.strip(QUOTE)}`", f"release: {meant}`?"
        )
        for word, meant in (("trixie", 13), ("bookworm", 12), ("13.1", 13), ('"12.5"', 12), ("13.10", 13))
    },
    **{
        f"system_said_as_{word}": ((SYSTEM, f"system: {word}"), word, "image.system", f"`{word}` is a release of {title}", meant)
        for word, title, meant in (
            ("debian13", "Debian", "write `system: debian, release: 13`"),
            ("Debian-12", "Debian", "write `system: debian, release: 12`"),
            ("trixie", "Debian", "write `system: debian, release: 13`"),
            ("bookworm", "Debian", "write `system: debian, release: 12`"),
            ("noble", "Ubuntu", "write `system: ubuntu, release: 24.04`"),
            ("ubuntu24.04", "Ubuntu", "write `system: ubuntu, release: 24.04`"),
        )
    },
    "release_in_the_system_s_name_that_is_not_known": (
        (SYSTEM, "system: ubuntu-22.04"),
        "ubuntu-22.04",
        "image.system",
        "`ubuntu-22.04` is a release of Ubuntu that Stardock does not know",
        "write `system: ubuntu, release: 24.04`",
    ),
    "release_called_version": image("version: 12", "version: 12", "image.version", "unknown key `version`", "did you mean `release`?"),
    "system_called_os": image("os: debian", "os: debian", "image.os", "unknown key `os`", "did you mean `system`?"),
    "version_called_release": (
        ("version: v1.36.5", "release: v1.36.5"),
        "release: v1.36.5",
        "distribution.release",
        "unknown key `release`",
        "did you mean `version`?",
    ),
    "option_beside_options": (
        ("version: v1.36.5+rke2r1", "version: v1.36.5+rke2r1\n  cni: cilium"),
        "cni: cilium",
        "distribution.cni",
        "unknown key `cni`",
        "it belongs to `distribution.options`",
    ),
    "system_that_nobody_offers": (
        (SYSTEM, "system: fedora"),
        "fedora",
        "image.system",
        "`fedora` is not offered: there are debian, ubuntu",
        "write `system: debian`",
    ),
    "release_that_the_image_s_name_gainsays": image(
        "release: 12\nurl: https://example.org/debian-13-generic-amd64.qcow2",
        "image:",
        "image",
        "`debian-13-generic-amd64.qcow2` is Debian 13 by its name, and `release: 12` says otherwise",
        "write `release: 13`",
    ),
    "installer_s_disc": image(
        "url: https://example.org/debian-13.0.0-amd64-netinst.iso", "netinst", "image.url", "is an installer's disc", "disk image"
    ),
    **{
        f"{what}_of_{architecture}": image(
            f"{key}: {value}", architecture, f"image.{key}", f"is for {architecture}, and machines here are x86_64", "amd64 (x86_64)"
        )
        for what, key, value, architecture in (
            ("url", "url", "https://cloud.debian.org/images/cloud/trixie/latest/debian-13-generic-arm64.qcow2", "arm64"),
            ("folder", "url", "https://example.org/aarch64/x.qcow2", "aarch64"),
            ("flatcar", "url", "https://stable.release.flatcar-linux.net/arm64-usr/current/x.img", "arm64"),
            ("file", "file", "images/openSUSE-MicroOS.aarch64-ContainerHost.qcow2", "aarch64"),
            ("other_file", "file", "images/debian-riscv64.qcow2", "riscv64"),
            ("name", "file_name", "ubuntu-ppc64el.qcow2", "ppc64el"),
        )
    },
    "mirror_that_is_no_url": image("mirror: mirror.lan", "mirror.lan", "image.mirror", "`mirror.lan` is not a URL", "https://HOST/PATH"),
    "timeout_of_a_download": image("timeout: 30", "timeout", "image.timeout", "30 is not a duration", "write 30m"),
}
