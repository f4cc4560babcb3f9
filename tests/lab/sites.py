"""Sites with a router each that translates addresses: rules of nftables in one namespace, as three routers would have them."""

from __future__ import annotations

from lab.machines.image import image_root
from lab.network.mirror import configured_mirror
from tests.lab.cluster import Cluster

#: Bridge -> the public address of its router (RFC 5737).
PUBLIC = {"vmbr0": "203.0.113.1", "vmbr1": "203.0.113.2", "vmbr2": "203.0.113.3"}
_BRIDGES = "{ vmbr0, vmbr1, vmbr2 }"
#: What the routers do. Ports of translated connections are drawn, as many routers do it: nobody finds a hole by guessing.
_RULES = """
table ip sites
delete table ip sites
table ip sites {{
  chain cut {{
    type filter hook forward priority -10
    {cut}
  }}
  chain inbound {{
    type nat hook prerouting priority -100
    ip daddr {home} udp dport 51830 dnat to {inside}:51830
  }}
  chain outbound {{
    type nat hook postrouting priority 100
    {translated}
  }}
  chain between {{
    type filter hook forward priority 0
    ct state established,related accept
    ct status dnat accept
    {within}
    iifname {bridges} oifname {bridges} drop
  }}
}}
"""


def rules(inside: str, cut: str = "", home: str = PUBLIC["vmbr0"]) -> str:
    """`inside` gets UDP 51830 of `home`, vmbr0's public address; `cut` is the bridge of a site whose way out is gone."""
    return _RULES.format(
        home=home,
        inside=inside,
        bridges=_BRIDGES,
        translated="\n    ".join(map(_translated, PUBLIC)),
        # the kernel may send what stays on a bridge through these chains, too (br_netfilter)
        within="\n    ".join(f'iifname "{bridge}" oifname "{bridge}" accept' for bridge in PUBLIC),
        cut=f'iifname "{cut}" drop\n    oifname "{cut}" drop' if cut else "",
    )


def _translated(bridge: str) -> str:
    return f'iifname "{bridge}" oifname != "{bridge}" oifname {_BRIDGES} snat to {PUBLIC[bridge]} random'


def translate(cluster: Cluster, inside: str, cut: str = "") -> None:
    """Set the routers of a lab up."""
    for address in PUBLIC.values():
        cluster.inside("ip", "address", "replace", f"{address}/32", "dev", "lo")
    cluster.inside(*nft(), rules(inside, cut))


def nft() -> tuple[str, ...]:
    """nftables' program, of Debian's image that machines boot from: it need not be installed here."""
    return "chroot", str(image_root(configured_mirror())), "nft"
