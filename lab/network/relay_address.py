"""Where machines find the packages relay: one address in every lab, whatever their own addresses are.

Link-local on purpose: no cluster.yaml uses it, it needs no name, and a machine reaches it through its default gateway.
"""

RELAY_ADDRESS = "169.254.77.1"
RELAY_PORT = 3142
RELAY_URL = f"http://{RELAY_ADDRESS}:{RELAY_PORT}"
