"""Simulated servers for tests: see server.py, scenario.py and the pytest plugin."""
