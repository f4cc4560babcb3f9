device=$(findmnt --noheadings --nofsroot --output SOURCE /var)
disk=$(lsblk --noheadings --nodeps --output PKNAME "$device")
part=$(cat "/sys/class/block/${device##*/}/partition")
if command -v growpart >/dev/null; then growpart "/dev/$disk" "$part" || test $? = 1; fi
btrfs filesystem resize max /var
