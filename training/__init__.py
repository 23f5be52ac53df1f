"""Simulate, train, evaluate, export; never imported by the running service."""
