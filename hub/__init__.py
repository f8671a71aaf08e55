"""Feedhub: every feed is a numbered log of changes, everything that reads a feed is a cursor on that log."""
