"""From what is declared and allocated to one machine, decided in full."""
