"""What depends on what: the graph, its cut sets, what they cost, and which fault explains which.

Pure: parts of hosts go in, answers come out. Imports model and config only.
"""
