"""Agents that find each other, know who is alive, and share their status."""
