"""What Stardock itself wrote and reads again, the lock and the facts: as suspicious as cluster.yaml, since others can write there, too."""
