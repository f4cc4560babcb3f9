"""The origin's settings of keepalived and haproxy (starbase-cluster-k8s 0.3.1), as values in files of our own wording.

haproxy: a TCP check, `inter 10s downinter 5s rise 2 fall 2`, round robin; neither `global` nor `defaults`, and no time-out at all.
keepalived: multicast and VRRP's defaults (version 2, an advert a second); one MASTER of priority 150, which takes the address back, and
BACKUP 100; virtual router 51; a script that asks every 2 s whether a haproxy runs (`fall 2 rise 2`, without weight). A change restarts.

Two things differ, because the lab lacks them: servers by address instead of by name, and `pgrep` instead of `killall -0`.
"""

from __future__ import annotations

from collections.abc import Mapping

CHANGE = "systemctl restart haproxy"


def haproxy(servers: Mapping[str, str]) -> str:
    """haproxy.cfg for servers, name -> address."""
    return "".join(_proxy(name, port, servers) for name, port in (("api", 6443), ("join", 9345)))


def _proxy(name: str, port: int, servers: Mapping[str, str]) -> str:
    listed = "".join(f"  server {server} {address}:{port} check\n" for server, address in servers.items())
    return (
        f"frontend {name}\n  mode tcp\n  option tcplog\n  bind *:{port}\n  default_backend {name}\n"
        f"backend {name}\n  mode tcp\n  option tcp-check\n  balance roundrobin\n"
        f"  default-server inter 10s downinter 5s rise 2 fall 2\n{listed}"
    )


def keepalived(vip: str, *, first: bool) -> str:
    """keepalived.conf of the first load balancer, or of another one. `vip` with its prefix."""
    state, priority = ("MASTER", 150) if first else ("BACKUP", 100)
    script = 'script "/usr/bin/pgrep -x haproxy"\n  interval 2\n  timeout 2\n  fall 2\n  rise 2\n'
    return (
        "global_defs {\n  enable_script_security\n  script_user root\n}\n"
        f"vrrp_script haproxy_runs {{\n  {script}}}\n"
        f"vrrp_instance origin {{\n  interface ens18\n  state {state}\n  priority {priority}\n  virtual_router_id 51\n"
        f"  virtual_ipaddress {{\n    {vip}\n  }}\n  track_script {{\n    haproxy_runs\n  }}\n}}\n"
    )
