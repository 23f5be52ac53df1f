"""The hub: settings, command line, worker, API; wires everything, nobody imports it."""
