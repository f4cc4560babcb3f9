"""One cluster's files: cluster.yaml read and planned, lock, facts, secrets, state, the run lock, the clusters beside it."""
