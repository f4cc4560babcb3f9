"""The parameters of /access and /pools when no official schema is at hand."""

from __future__ import annotations

ID_PATTERN = r"/[A-Za-z][A-Za-z0-9\.\-_]+/"
_ANYBODY = r"userid /(?:[^\s:/]+)\@(?:[A-Za-z][A-Za-z0-9\.\-_]+)(?:!(?:[A-Za-z][A-Za-z0-9\.\-_]+))?$/"
_OF_USER = "/access/users/{userid}/token/{tokenid}"
_MEMBERS = "allow-move boolean\ndelete boolean\nstorage <pve-storage-id-list>\nvms <pve-vmid-list>"

TABLES: dict[str, str] = {
    "POST /access/ticket": "username! string ..64\npassword! string\nrealm <pve-realm> ..32\notp string\npath string ..64 requires:privs\n"
    "privs <pve-priv-list> ..64 requires:path\ntfa-challenge string\nnew-format boolean",
    "GET /access/permissions": "path string\n" + _ANYBODY,
    "GET /access/users": "enabled boolean\nfull boolean",
    "POST /access/users": "userid! <pve-userid> ..64\ncomment string ..2048\nenable boolean\nexpire integer 0..",
    "DELETE /access/users/{userid}": "",
    "GET /access/roles": "",
    "POST /access/roles": "roleid! <pve-roleid>\nprivs <pve-priv-list>",
    "PUT /access/roles/{roleid}": "append boolean requires:privs\nprivs <pve-priv-list>",
    "DELETE /access/roles/{roleid}": "",
    "GET /access/acl": "",
    "PUT /access/acl": "path! string\nroles! <pve-roleid-list>\nusers <pve-userid-list>\ntokens <pve-tokenid-list>\npropagate boolean\n"
    "delete boolean",
    "GET /access/users/{userid}/token": "",
    f"POST {_OF_USER}": "comment string\nexpire integer 0..\nprivsep boolean",
    f"DELETE {_OF_USER}": "",
    "GET /pools": "poolid <pve-poolid>\ntype qemu|lxc|storage requires:poolid",
    "POST /pools": "poolid! <pve-poolid>\ncomment string",
    "PUT /pools": f"poolid! <pve-poolid>\ncomment string\n{_MEMBERS}",
    "DELETE /pools": "poolid! <pve-poolid>",
}
