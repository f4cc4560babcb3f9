#!/bin/sh
# Written by Stardock; the next bootstrap puts it back.
# The guest agent may not read /etc/ssh where SELinux enforces; /etc/stardock it may. Written anew: moved or copied with its
# attributes, a key would keep the label that the agent may not read. A key that is still being made is there in the next second.
set -u
umask 022
copy=/etc/stardock/host-keys.pub

keys() { cat /etc/ssh/ssh_host_*_key.pub 2>/dev/null || true; }

if command -v restorecon >/dev/null; then restorecon /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub; fi
found=$(keys)
while test "$found" != "$(cat "$copy" 2>/dev/null)"; do
  if test -n "$found"; then
    printf '%s\n' "$found" >"$copy.new" && chmod 0644 "$copy.new" && mv -f "$copy.new" "$copy" || exit 1
  else
    rm -f "$copy"
  fi
  sleep 1
  found=$(keys)
done
