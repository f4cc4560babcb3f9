"""The real engine and the real provider against the emulated PVE, and the emulated PVE itself."""
