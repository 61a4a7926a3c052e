"""pytest plugin: see hwagent.testing."""
