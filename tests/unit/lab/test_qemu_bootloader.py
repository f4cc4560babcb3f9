"""GRUB's two stages for BIOS, told where they lie: bytes as `grub-bios-setup` patches them."""

from __future__ import annotations

import struct

from lab.machines.qemu.bootloader import with_block_list, with_next_sector


def test_boot_img_names_the_sector_of_core_img_and_leaves_the_partition_table() -> None:
    boot = bytes(range(256)) * 2
    made = with_next_sector(boot, 2048)
    assert len(made) == 440
    assert struct.unpack_from("<Q", made, 0x5C) == (2048,)
    assert made[:0x5C] == boot[:0x5C]
    assert made[0x64:] == boot[0x64:440]


def test_core_img_names_its_other_sectors_at_the_end_of_its_first() -> None:
    core = b"c" * (512 * 3 + 7)
    made = with_block_list(core, 2048)
    assert len(made) == 512 * 4
    assert struct.unpack_from("<QHH", made, 500) == (2049, 3, 0x820)
    assert made[:500] + made[512:] == core[:500] + core[512:] + bytes(505)
