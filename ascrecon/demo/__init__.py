"""The demo: everything at once against the simulator. The only part of the product that may start the simulator."""
