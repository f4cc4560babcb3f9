"""The checks, in the order in which they are made: each finds the machines as the one before left them."""

from __future__ import annotations

from stardock.prove.check import Check
from stardock.prove.checks import answers, cluster, differences, edits, first_boot, growth, machine, made, pods, power

#: Of machines alone.
CHECKS: tuple[Check, ...] = (
    *made.CHECKS,
    *first_boot.CHECKS,
    *machine.ALONE,
    *answers.CHECKS,
    *edits.CHECKS,
    *power.CHECKS,
    *differences.CHECKS,
    *machine.UPDATED,
)
#: Of a cluster.
CLUSTER_CHECKS: tuple[Check, ...] = (
    *cluster.FOUND,
    *machine.CLUSTER[:1],
    *pods.CHECKS,
    *cluster.AGAIN,
    *growth.CHECKS,
    *machine.CLUSTER[1:],
)
