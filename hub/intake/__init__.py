"""Bytes of a publish hook in, publish events out. Pure: no socket, no clock, no environment."""
