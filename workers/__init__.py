"""The processes behind the queues: what RQ runs, and the pump that makes losing an RQ job harmless."""
