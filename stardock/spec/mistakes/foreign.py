"""Words of other tools -> ours: keys by the section in which they may stand, and values of choices."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stardock.spec.foreign_root import each
from stardock.spec.mistakes import cures
from stardock.spec.mistakes.foreign_keys import KEYS

#: Values of `role` and of other choices as other tools call them -> ours.
VALUES: Mapping[str, str] = {
    **each("worker workers node nodes compute minion minions worker_node kubelet slave agents", "agent"),
    **each("master masters controlplane control_plane controlplanes control_planes cp controller controllers manager etcd", "server"),
    **each("controller_worker server_agent control_plane_worker single servers", "server"),
    **each("lb lbs load_balancer load_balancers balancer haproxy keepalived proxy loadbalancers", "loadbalancer"),
    **each("pc pc_i440fx", "i440fx"),
    **each("uefi efi", "ovmf"),
    **each("bios legacy", "seabios"),
    **each("monday mon", "mo"), **each("tuesday tue", "tu"), **each("wednesday wed", "we"), **each("thursday thu", "th"),
    **each("friday fri", "fr"), **each("saturday sat", "sa"), **each("sunday sun", "su"),
    **each("virtio_net virtio_pci", "virtio"),
}  # fmt: skip


def plain(word: str) -> str:
    """One spelling: `controlPlane`, `control-plane`, `Control Plane` -> `control_plane`."""
    return re.sub(r"[-_ +]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word)).strip("_").lower()


#: Ansible's variables of a connection, without which a word of ours is left: ansible_user, ansible_ssh_port.
_ANSIBLE = re.compile(r"^ansible_(ssh_)?")
_OF_SSH = {"Ssh": ("user", "port", "private_key")}


def of_key(section: str, key: str) -> str | None:
    """The key that is meant in that section, or the whole cure; None: no other tool is known to call anything so."""
    found = KEYS.get(section, {})
    word = plain(key)
    if word not in found and (own := _ANSIBLE.sub("", word)) != word and own in _OF_SSH.get(section, ()):
        return own
    return found.get(word) or found.get(word.replace("_", ""))


def of_value(value: str, choices: list[str]) -> str | None:
    """The choice that is meant."""
    word = plain(value)
    meant = VALUES.get(word) or VALUES.get(word.replace("_", ""))
    return meant if meant in choices else None


def filled(cure: str, value: str, items: list[str] | None = None) -> str:
    """The cure with the value of the file in its place: whole, as a list, or an address and the length of its prefix."""
    address, _, bits = (items[0] if items else value).partition("/")
    cure = cure.replace("{ip}", address).replace("{bits}", cures.prefix(bits) or "24").replace("{mask}", cures.prefix(value) or "BITS")
    listed = items or [value]
    return cure.replace("{[]}", f"[{', '.join(listed)}]").replace("{;}", ";".join(listed)).replace("{}", ", ".join(listed))
