"""Slips of the keyboard, templates, and keys that stand where others belong."""

from __future__ import annotations

# ruff: noqa: E501, PLR0917, RUF001  a table: a row is a line or two; its characters are what it is about
from tests.unit.spec.obeyed import AGENT, Row, edit

_SERVERS = "{name: servers, role: server, machines: [server1]}"
_UNSEEN = "an invisible character"
_PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\\nhunter2"


def slip(right: str, wrong: str, cause: str, told: str, key: str = "", means: str = "pools.2.role", value: object = "agent") -> Row:
    """A line of BASE that YAML does not read, or reads as something else; obeyed, it is as before."""
    return edit(right, wrong, key, cause, told, right, means, value)


SLIPS: tuple[Row, ...] = (
    # no space
    slip("cluster: c\n", "cluster:c\n", "there is no space after `cluster:`", "write `cluster: c`"),
    slip("    role: agent", "    role:agent", "there is no space after `role:`", "write `role: agent`"),
    slip("  vip: 192.168.1.40", "  vip:192.168.1.40", "there is no space after `vip:`", "write `vip: 192.168.1.40`"),
    slip("image: {system: debian}", "image: {system:debian}", "unknown key", "write `system: debian`, with a space", "image.system:debian"),
    slip(_SERVERS, "{name:servers, role: server, machines: [server1]}", "unknown key", "write `name: servers`, with a space", "pools[1].name:servers"),
    slip(_SERVERS, "{name: servers, role: server, machines:[server1]}", "there is no space after `machines:`", "write `machines: "),
    slip("cluster: c\n", "cluster = c\n", "there is no `:` after `cluster`", "write `cluster: c`"),
    slip("cluster: c\n", "cluster c\n", "there is no `:` after `cluster`", "write `cluster: c`"),
    slip("  - name: agents\n", "  -name: agents\n", "there is no space after `-`", "write `- name: agents`"),
    slip("machines: [agent1]", "machines:\n      - agent1\n      -agent2", "there is no space after `-`", "write `- agent2`"),
    slip("machines: [agent1]", "machines: -agent1", "is not a list", "write [agent1]", "pools[2].machines"),
    slip("machines: [agent1]", "machines:\n      -agent1\n      -agent2", "is not a list", "write [agent1, agent2]", "pools[2].machines"),
    *(slip("  - name: agents\n", f"  {dash} name: agents\n", "begins no item of a list", "write `- name: agents`") for dash in "–•*"),
    # other languages
    slip("cluster: c\n", '"cluster": "c",\n', "a line ends with a comma", "write `cluster: c`"),
    slip("cluster: c\n", "// mine\ncluster: c\n", "a comment begins with `#`", "write `# mine`"),
    slip("cluster: c\n", "cluster: {{ x }}\n", "this is a template", "write the value itself", "cluster"),
    slip("cluster: c\n", "cluster: {{ lookup('env', 'X') }}\n", "this is a template", "write the value itself"),
    slip("cluster: c\n", "{% set x = 1 %}\ncluster: c\n", "this is a template", "write the value itself"),
    slip("    role: agent", "\trole: agent", "there is a tab where", "replace the tab by spaces"),
    # characters that nobody sees
    slip("cluster: c\n", "cluster:\u00a0c\n", f"{_UNSEEN}, U+00A0 (no-break space)", "put an ordinary space in its place"),
    slip("cluster: c\n", "cluster: c\u00a0\n", _UNSEEN, "retype it: c", "cluster"),
    slip("cluster: c\n", "cluster: \u200bc\n", f"{_UNSEEN}, U+200B (zero width space)", "retype it: c", "cluster"),
    slip("cluster: c\n", "\u200bcluster: c\n", _UNSEEN, "retype it: cluster", "\u200bcluster"),
    slip("image: {system: debian}", "\ufeffimage: {system: debian}", _UNSEEN, "retype it: image", "\ufeffimage"),
    slip("    role: agent", "\u00a0   role: agent", _UNSEEN, "put an ordinary space in its place"),
    slip("    role: agent", "    role: “agent”", "has quotes that are none to YAML", 'write "agent"', "pools[2].role"),
    slip("cluster: c\n", "cluster: ‘c’\n", "has quotes that are none to YAML", 'write "c"', "cluster"),
    # keys
    edit("{keys: [id", "{private_key: id.pub, keys: [id", "ssh.private_key", "is the public half", "write id,", "{private_key: id, keys: [id",
         "ssh.private_key", "id"),
    edit("  nodes: [pve1", "  ssh: {private_key: ~/.ssh/id.pub}\n  nodes: [pve1", "proxmox.ssh.private_key", "is the public half", "write ~/.ssh/id,",
         "  ssh: {private_key: ~/.ssh/id}\n  nodes: [pve1", "proxmox.ssh.private_key", "~/.ssh/id"),
    edit("{keys: [id", f'{{private_key: "{_PEM}", keys: [id', "ssh.private_key", "a private key itself", "name its file", "{private_key: id, keys: [id",
         "ssh.private_key", "id"),
    edit("{keys: [id", f'{{ssh_key: "{_PEM}", keys: [id', "ssh.ssh_key", "a private key itself", "name its file", "{keys: [id", "ssh.port", 22),
    edit(AGENT, f'{AGENT}    ssh_private_key: "{_PEM}"\n', "pools[2].ssh_private_key", "a private key itself", "name its file", AGENT, "cluster", "c"),
    edit("{keys: [id_ed25519.pub]}", f'{{keys: ["{_PEM}"]}}', "ssh.keys[0]", "this is a private key", "name its .pub file", "{keys: [id_ed25519.pub]}",
         "ssh.port", 22),
    edit("{keys: [id_ed25519.pub]}", f'{{keys: "{_PEM}"}}', "ssh.keys", "a private key itself", "name its file", "{keys: [id_ed25519.pub]}",
         "ssh.port", 22),
)  # fmt: skip
