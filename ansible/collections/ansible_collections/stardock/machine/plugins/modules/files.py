#!/usr/bin/python
"""Ansible module: the files of a role, all in one round trip (see DOCUMENTATION)."""

from __future__ import annotations

import grp
import os
import pwd
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: files
short_description: Own several files of a machine, and remember who has not read them yet
description:
  - Writes whole files, links, or takes files away; compares on the machine, so a file edited by hand is put back. Also makes folders.
  - A new content is validated before it replaces the old one.
  - Under SELinux each file, link and folder has the label that the policy's rules say for its path, from the moment when it is there.
    A file that is put in place by renaming would keep the label of a temporary one.
  - A file may name what has to be told when it changes (V(applies)). That name stays in RV(pending), over runs, until the caller
    removes its mark, so that a run that is killed between the file and the reload is healed by the next. The marks lie in C(/run),
    because a reboot reads all files again anyway.
options:
  files:
    description: The files, in the order in which they are written.
    type: list
    elements: dict
    required: true
    suboptions:
      path: {description: "Where.", type: path, required: true}
      content: {description: "The whole content.", type: str}
      link: {description: "Make it a symbolic link to this; any link that leads to the same place is left alone.", type: path}
      state: {description: "Whether it is there, or is a folder.", type: str, choices: [present, absent, directory], default: present}
      begins: {description: "With C(absent), only a file that begins with this text goes; empty for any.", type: str, default: ""}
      mode: {description: "Four octal digits.", type: str, default: "0644"}
      owner: {description: "Owner of the file and of folders that are made for it; empty: whoever runs this.", type: str, default: root}
      group: {description: "Group of the file and of folders that are made for it; empty: the owner's own.", type: str, default: root}
      directory_mode: {description: "Mode of folders that are made for it.", type: str, default: "0755"}
      unordered: {description: "Lines may be in any order, and blank lines do not matter.", type: bool, default: false}
      secret: {description: "Never show its content in a difference.", type: bool, default: false}
      hidden_keys: {description: "Keys of YAML whose values are not shown in a difference either.", type: list, elements: str, default: []}
      validate: {description: "A command that must accept the new content, whose path stands for %s.", type: str}
      applies: {description: "What has to be told when this file changes.", type: list, elements: str, default: []}
  marks:
    description: Where pending names are kept.
    type: path
    default: /run/stardock/pending
"""
EXAMPLES = r"""
- name: Configuration is as planned
  stardock.machine.files:
    files:
      - {path: /etc/some/thing.conf, content: "a=b\n", validate: thing --check %s, applies: thing}
"""
RETURN = r"""
paths: {description: "The files that were (or would be) changed.", type: list, returned: always}
pending: {description: "The names that have not been told yet.", type: list, returned: always}
"""

FILE = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "no_log": False},
    "link": {"type": "path"},
    "state": {"type": "str", "choices": ["present", "absent", "directory"], "default": "present"},
    "begins": {"type": "str", "default": ""},
    "mode": {"type": "str", "default": "0644"},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
    "directory_mode": {"type": "str", "default": "0755"},
    "unordered": {"type": "bool", "default": False},
    "secret": {"type": "bool", "default": False, "no_log": False},
    "hidden_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "validate": {"type": "str"},
    "applies": {"type": "list", "elements": "str", "default": []},
}


Wanted = dict[str, Any]
#: Gives what lies at the first path the label of the second one.
Label = Callable[[Path, Path], None]


class RefusedError(Exception):
    """A file cannot be what it should be; its words are the module's message."""


def read(path: Path) -> str | None:
    """Give the text of a file; None when it is not there or is no file."""
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def owner_of(wanted: Wanted) -> tuple[int, int]:
    """Give the numbers of owner and group; raises RefusedError when the machine does not know them (yet)."""
    if not wanted["owner"]:
        return os.geteuid(), os.getegid()
    try:
        owner = pwd.getpwnam(wanted["owner"])
        return owner.pw_uid, grp.getgrnam(wanted["group"]).gr_gid if wanted["group"] else owner.pw_gid
    except KeyError as error:
        raise RefusedError(f"{wanted['path']}: no such owner or group: {error}") from None


def same_content(wanted: Wanted, text: str | None) -> bool:
    """Whether a text is the wanted one."""
    if not wanted["unordered"] or text is None:
        return bool(text == wanted["content"])
    return sorted(filter(None, text.splitlines())) == sorted(filter(None, wanted["content"].splitlines()))


def same_attributes(wanted: Wanted, path: Path) -> bool:
    """Whether mode and owner of an existing file are the wanted ones."""
    found = path.lstat()
    return (found.st_mode & 0o7777, found.st_uid, found.st_gid) == (int(wanted["mode"], 8), *owner_of(wanted))


def is_as_wanted(wanted: Wanted, path: Path) -> bool:
    """Whether nothing is to be done for this file."""
    if wanted["state"] == "absent":
        return not os.path.lexists(path) or not (read(path) or "").startswith(wanted["begins"])
    if wanted["state"] == "directory":
        return path.is_dir() and same_attributes(wanted, path.resolve())
    if wanted["link"]:
        return path.is_symlink() and path.resolve() == (path.parent / wanted["link"]).resolve()
    return path.is_file() and not path.is_symlink() and same_content(wanted, read(path)) and same_attributes(wanted, path)


def labeller(module: AnsibleModule) -> Label:
    """Ask the policy by libselinux, which Ansible finds without a Python package of its own. Nothing without SELinux, and nothing for
    whoever is not root: files at home have the right label, and others one may not give.
    """
    if os.geteuid() != 0 or not module.selinux_enabled():
        return lambda _fresh, _path: None

    def label(fresh: Path, path: Path) -> None:
        context = module.selinux_default_context(str(path), fresh.lstat().st_mode)
        module.set_context_if_different(str(fresh), context, False)

    return label


def make_directories(wanted: Wanted, folder: Path, label: Label) -> None:
    """Make a folder and the missing ones above it, with the file's owner and the folder mode."""
    if folder.is_dir():
        return
    make_directories(wanted, folder.parent, label)
    folder.mkdir()
    label(folder, folder)
    folder.chmod(int(wanted["directory_mode"], 8))
    os.chown(folder, *owner_of(wanted))


def make_directory(wanted: Wanted, path: Path, label: Label) -> None:
    """Make a folder, private from its first moment; one that is there gets mode and owner, its content stays."""
    path.mkdir(mode=0o700, exist_ok=True)
    label(path, path)
    os.chown(path, *owner_of(wanted))
    path.chmod(int(wanted["mode"], 8))


def validate(wanted: Wanted, path: Path) -> None:
    """Let the wanted command judge the new content; raises RefusedError with its words."""
    argv = [str(path) if word == "%s" else word for word in shlex.split(wanted["validate"])]
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        words = " | ".join(filter(None, (done.stderr + done.stdout).splitlines()))
        raise RefusedError(f"{wanted['path']}: `{wanted['validate']}` refuses the new content, the old one stays: {words}")


def replace(wanted: Wanted, path: Path, label: Label) -> None:
    """Write the new content beside the old one, have it judged, and put it in its place at once."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".stardock-")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(wanted["content"])
            os.fchmod(file.fileno(), int(wanted["mode"], 8))
            os.fchown(file.fileno(), *owner_of(wanted))
            file.flush()
            os.fsync(file.fileno())
        if wanted["validate"]:
            validate(wanted, fresh)
        label(fresh, path)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def relink(wanted: Wanted, path: Path, label: Label) -> None:
    """Put a symbolic link in its place at once."""
    fresh = path.with_name(path.name + ".stardock")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(wanted["link"])
    label(fresh, path)
    fresh.replace(path)


def take_away(path: Path) -> None:
    """Remove a file, a link or a whole folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def make_so(wanted: Wanted, marks: Path, label: Label) -> None:
    """Bring one file to what it should be. The mark comes first: killed between the two, the next run tells for nothing, not never."""
    path = Path(wanted["path"])
    for name in wanted["applies"]:
        marks.mkdir(parents=True, exist_ok=True)
        (marks / name).touch()
    if wanted["state"] == "absent":
        take_away(path)
        return
    make_directories(wanted, path.parent, label)
    change = make_directory if wanted["state"] == "directory" else relink if wanted["link"] else replace
    change(wanted, path, label)


def difference(wanted: Wanted) -> dict[str, str]:
    """Make what `--diff` shows for one file."""
    head = {"before_header": wanted["path"], "after_header": wanted["path"]}
    if wanted["secret"]:
        return {**head, "before": "(secret)\n", "after": "(another secret)\n"}
    if wanted["state"] == "directory":
        return {**head, "before": "", "after": f"a folder, {wanted['mode']}\n"}
    after = "" if wanted["state"] == "absent" else wanted["content"] or f"-> {wanted['link']}\n"
    return {**head, "before": hidden(wanted, read(Path(wanted["path"])) or ""), "after": hidden(wanted, after)}


def hidden(wanted: Wanted, text: str) -> str:
    """The text without the values of its hidden keys, further lines of these included."""
    if not wanted["hidden_keys"]:
        return text
    keys = "|".join(map(re.escape, wanted["hidden_keys"]))
    return re.sub(rf"""(?m)^([ \t]*["']?(?:{keys})["']?\+?["']?[ \t]*:).*(?:\n(?:[ \t-].*|(?=\n)))*""", r"\1 (secret)", text)


def check(files: Sequence[Wanted]) -> None:
    """Refuse what no file can be; raises RefusedError."""
    for wanted in files:
        if wanted["state"] == "present" and (wanted["content"] is None) == (wanted["link"] is None):
            raise RefusedError(f"{wanted['path']}: exactly one of content and link must be given")
        if wanted["state"] == "directory" and wanted["content"] is not None:
            raise RefusedError(f"{wanted['path']}: a folder has no content")


def pending(marks: Path, changes: Sequence[Wanted]) -> list[str]:
    """List the names that were not told yet, those of this run included (in check mode they have no mark)."""
    known = [mark.name for mark in marks.iterdir()] if marks.is_dir() else []
    return sorted({*known, *(name for each in changes for name in each["applies"])})


def main() -> None:
    """Compare, write what differs, tell what is pending."""
    options = {"files": {"type": "list", "elements": "dict", "options": FILE, "required": True}}
    options["marks"] = {"type": "path", "default": "/run/stardock/pending"}
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    marks = Path(module.params["marks"])
    try:
        check(module.params["files"])
        changes = [wanted for wanted in module.params["files"] if not is_as_wanted(wanted, Path(wanted["path"]))]
        diff = [difference(wanted) for wanted in changes]
        for wanted in [] if module.check_mode else changes:
            make_so(wanted, marks, labeller(module))
    except (RefusedError, OSError) as error:
        module.fail_json(msg=str(error))
    paths = [wanted["path"] for wanted in changes]
    module.exit_json(changed=bool(changes), diff=diff, paths=paths, pending=pending(marks, changes))


if __name__ == "__main__":
    main()
