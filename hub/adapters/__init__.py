"""The places with a socket: Redis, RQ, and the embedded server's process."""
