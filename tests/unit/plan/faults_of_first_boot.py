"""The user's files and strategies as they cannot be, once machines are decided."""

from __future__ import annotations

FIRST_BOOT = {
    "a file that stardock writes itself": (
        "protect: false",
        "cloud_init: {user_data: {write_files: [{path: /etc/sysctl.d/90-stardock.conf, content: x}]}}\nprotect: false",
        "write_files",
        "`/etc/sysctl.d/90-stardock.conf` is a file that Stardock writes itself on server1",
        "another path",
    ),
    "a file of bootstrap": (
        "machines: [agent1]",
        "machines: [agent1]\n    cloud_init: {user_data: {write_files: [{path: /etc/rancher/rke2/config.yaml, content: x}]}}",
        "write_files",
        "is a file that Stardock writes itself on agent1",
        "another path",
    ),
    "two load balancers that reboot at any time": (
        "slots: [17, 18]",
        "slots: [17, 18]\n  strategy: instantly",
        "strategy",
        "with `instantly`, the load balancers lb1 and lb2 may reboot at the same time",
        "write maint-window",
    ),
}
