"""Systems, accounts, packages, files and commands as they cannot be."""

from __future__ import annotations

from tests.unit.spec.conftest import Case, Edit


def also(text: str) -> Edit:
    """The quick start with further keys at its end."""
    end = "protect: false # an example"
    return end, f"{text}\n{end}"


FILE = "cloud_init: {user_data: {write_files: [{path: %s, content: x}]}}"
KEY_PATH = "cloud_init.user_data.write_files[0]"

FIRST_BOOT: dict[str, Case] = {
    "load_balancers_on_a_system_without_haproxy": (
        ("system: debian", "system: flatcar"),
        "role: loadbalancer",
        "pools[0].role",
        "Flatcar Container Linux runs machines of role server and agent, not loadbalancer",
        "of debian, ubuntu, microos",
    ),
    "load_balancers_whose_own_image_cannot": (
        ("pattern: lb{n}", "pattern: lb{n}\n    image: {system: leapmicro}"),
        "system: leapmicro",
        "pools[0].image.system",
        "openSUSE Leap Micro runs machines of role server and agent, not loadbalancer",
        "another image",
    ),
    "packages_where_there_is_no_package_manager": (
        ("machines: [agent1]", "machines: [agent1]\n    image: {system: flatcar}\n    cloud_init: {packages: [htop]}"),
        "packages: [htop]",
        "pools[2].cloud_init.packages",
        "Flatcar Container Linux, of pool agents, has no package manager",
        "under `cloud_init` of the pools",
    ),
    "mirror_of_a_system_without_repositories": (
        also("cloud_init: {mirrors: {flatcar: https://mirror.example}}"),
        "mirrors:",
        "cloud_init.mirrors.flatcar",
        "Flatcar Container Linux has no repositories",
        "delete it",
    ),
    "mirror_of_an_unknown_system": (
        also("cloud_init: {mirrors: {debain: https://mirror.example}}"),
        "mirrors:",
        "cloud_init.mirrors.debain",
        "not one of debian, ubuntu, microos, leapmicro, flatcar",
        "did you mean `debian`?",
    ),
    "user_of_a_pool_that_all_machines_have": (
        ("machines: [agent1]", "machines: [agent1]\n    cloud_init: {users: [{name: root}]}"),
        "name: root",
        "pools[2].cloud_init.users[0].name",
        "the machines of pool agents have a user `root` already",
        "another name",
    ),
    "users_whose_passwords_share_a_variable": (
        also("cloud_init: {users: [{name: ops-a, password_hash: {env: A}}, {name: ops_a, password_hash: {env: B}}]}"),
        "name: ops_a",
        "cloud_init.users[1].name",
        "the password hashes of `ops-a` and `ops_a` would share one variable, password_hash_ops_a",
        "give one of the two another name",
    ),
    "packages_under_user_data": (
        also("cloud_init: {user_data: {packages: [htop]}}"),
        "packages:",
        "cloud_init.user_data.packages",
        "unknown key `packages`",
        "it belongs to `cloud_init`",
    ),
    "file_with_a_relative_path": (
        also(FILE % "etc/motd"),
        "etc/motd",
        f"{KEY_PATH}.path",
        "`etc/motd` is not an absolute path",
        "/etc/motd",
    ),
    "file_with_a_path_that_climbs": (
        also(FILE % "/etc/../x"),
        "/etc/../x",
        f"{KEY_PATH}.path",
        "not an absolute path of a file",
        "/etc/motd",
    ),
    "file_mode_of_three_digits": (
        also(FILE.replace("content: x", "content: x, permissions: 644") % "/etc/motd"),
        "permissions",
        f"{KEY_PATH}.permissions",
        "is not a mode: four octal digits",
        '"0644"',
    ),
    "file_that_holds_a_private_key": (
        also(FILE.replace("content: x", "content: '-----BEGIN OPENSSH PRIVATE KEY-----'") % "/etc/key"),
        "content",
        f"{KEY_PATH}.content",
        "this content holds a private key",
        "another way",
    ),
    "file_larger_than_the_limit": (
        also(FILE.replace("content: x", f"content: {'x' * 65537}") % "/etc/big"),
        "content",
        f"{KEY_PATH}.content",
        "the content has 65537 bytes; 65536 is the most",
        "runcmd",
    ),
    "file_written_twice": (
        also("cloud_init: {user_data: {write_files: [{path: /etc/a, content: x}, {path: /etc/a, content: y}]}}"),
        "path: /etc/a, content: y",
        "cloud_init.user_data.write_files[1].path",
        "`/etc/a` is written twice on one machine",
        "delete one",
    ),
    "command_that_is_a_mapping": (
        also("cloud_init: {user_data: {runcmd: [{a: b}]}}"),
        "runcmd",
        "cloud_init.user_data.runcmd[0]",
        "is neither a command line nor a list of words",
        "sysctl --system",
    ),
    "strategy_that_rebootmgr_does_not_have": (
        ("slots: [17, 18]", "slots: [17, 18]\n  strategy: maint_window"),
        "maint_window",
        "maintenance.strategy",
        "`maint_window` is not one of maint-window, best-effort, instantly, off",
        "did you mean `maint-window`?",
    ),
}
