"""Keys of `cloud_init` as other tools call them, as `foreign_keys` has those of the other sections."""

from __future__ import annotations

from collections.abc import Mapping

from stardock.spec.foreign_root import each

#: Section -> its foreign keys.
KEYS: Mapping[str, Mapping[str, str]] = {
    "UserFile": {
        **each("text contents data body", "content"),
        **each("mode chmod file_mode", "permissions"),
        **each("dest destination target file filename name", "path"),
        **each("user", "owner"),
        **each("group", "delete it: the group is root"),
        **each("source src from template", "write `content` with the text itself, or for a secret content_from: {file: {}}"),
        **each("encoding append defer", "delete it: `content` is text, and the file is written whole"),
    },
    "ContentSource": {
        **each("path file_path filename file_name src source from from_file", "file"),
        **each("variable var env_var environment name from_env key", "env"),
        **each("mode permissions", 'it is of the file: write permissions: "{}" beside `path`'),
        **each("owner", "it is of the file: write owner: {} beside `path`"),
        **each("content", "delete it: `content` beside `path` is no secret, `content_from` is one"),
    },
    "SecretSource": {
        **each("path file_path filename file_name from_file", "file"),
        **each("variable var env_var environment from_env", "env"),
        **each("cmd exec shell", "command"),
    },
    "User": {
        **each("ssh_authorized_keys authorized_keys ssh_keys key ssh_key public_keys", "keys"),
        **each("username user", "name"),
        **each("groups shell home uid gecos lock_passwd", "delete it: an account has keys, sudo and a password's hash, no more"),
    },
    "CloudInit": {
        **each("user", "users"),
        **each("package packages_list", "packages"),
        **each("write_files files", "it belongs to `user_data`: write user_data: {write_files: [...]}"),
        **each("runcmd bootcmd", "it belongs to `user_data`: write user_data: {{key}: {[]}}"),
        **each("commands", "it belongs to `user_data`: write user_data: {runcmd: {[]}}"),
        **each("hostname fqdn preserve_hostname manage_etc_hosts", "delete it: a machine is called as its pool names it"),
        **each("timezone locale ntp", "delete it: machines run in UTC; the time zone of windows is `maintenance.timezone`"),
        **each("ssh_authorized_keys ssh_keys", "keys belong under `ssh.keys`, and those of an account under `users`"),
    },
}
