"""Can the provider write snippets: does each PVE node's sshd let us in, and is the folder the account's to write?"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from stardock.doctor.finding import Finding, among, ok, problem, warning
from stardock.doctor.scene import Scene, Tried


def ssh(scene: Scene) -> Iterator[Finding]:
    """By PVE node; whether the account may write the folder of snippets is told by the folder's owner and mode."""
    proxmox = scene.plan.proxmox
    if proxmox.socks5:
        cure = f"curl -sS --max-time 5 --socks5-hostname {proxmox.socks5} telnet://{scene.used()[0].address or 'NODE'}:22"
        yield warning("SSH", proxmox.socks5, "not tried: PVE nodes are behind this proxy, which only the provider goes through", cure)
    wrong = [name for name, tried in scene.ssh.items() if tried.trouble]
    for name in wrong:
        tried = scene.ssh[name]
        yield problem("SSH", name, f"{tried.what}: {tried.trouble}", _cure(scene, name, tried))
    unsure = {name: tried for name, tried in scene.ssh.items() if tried.doubt}
    for name, tried in unsure.items():
        yield warning("SSH", name, f"{tried.what}: {tried.doubt}", _cure(scene, name, tried))
    if not wrong and not unsure and scene.ssh:
        yield ok("SSH", among(scene.ssh), f"{proxmox.ssh_user} gets in")


def jumps(scene: Scene) -> Iterator[Finding]:
    """Do jump hosts let us in?"""
    key = scene.plan.ssh.private_key
    for name, tried in scene.jumps.items():
        jump = next(one for one in scene.plan.ssh.jumps.values() if str(one) == name)
        place = f"{f'-p {jump.port} ' if jump.port else ''}{quote(jump.place)}"
        if "host key" in tried.trouble.lower():
            yield problem("jump host", name, tried.trouble, f"ssh {place}   # compare its fingerprint, and say yes")
        elif "denied" in tried.trouble.lower():
            yield problem("jump host", name, tried.trouble, f"ssh-copy-id {f'-i {quote(key)} ' if key else ''}{place}")
        elif tried.trouble:
            yield problem("jump host", name, tried.trouble, f"ssh.jump in cluster.yaml; by hand: ssh -v {place}")
        else:
            yield ok("jump host", name, "it lets us in")


def _cure(scene: Scene, name: str, tried: Tried) -> str:
    trouble = tried.trouble
    node = next(node for node in scene.plan.proxmox.nodes if node.name == name)
    user = node.ssh_user or scene.plan.proxmox.ssh_user
    key = node.ssh_private_key or scene.plan.proxmox.ssh_private_key
    port = f"-p {node.ssh_port} " if node.ssh_port != 22 else ""  # noqa: PLR2004 -- the port of SSH
    place = f"{port}{quote(f'{user}@{node.address or name}')}"
    if tried.folder:
        command = quote(f"install -d -o {quote(user)} {quote(tried.folder)}")
        return f"ssh {port}root@{node.address or name} {command}   # {user} owns it then; PVE reads it as root"
    if "denied" in trouble.lower():
        return f"ssh-copy-id {f'-i {quote(key)} ' if key else ''}{place}"
    if "key" in trouble.lower():
        return (
            f"proxmox.ssh.private_key in cluster.yaml, or an agent that has the key: ssh-add {quote(key) if key else '~/.ssh/id_ed25519'}"
        )
    return f"proxmox.nodes[].address and ssh_port in cluster.yaml; by hand: ssh -v {place}"
