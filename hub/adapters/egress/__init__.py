"""The one client for requests that leave: to callbacks, webhooks and origins, whose addresses strangers choose.

client        the client, with its limits and deadlines
outcomes      what comes of a request: an answer or a failure
targets       which URLs can be asked, byte for byte
connections   how names are looked up and answers are taken from the wire
networks      which destinations are out of bounds
"""

from hub.adapters.egress.client import BODY_BYTES, Egress
from hub.adapters.egress.outcomes import Answer, Failure, FailureKind

__all__ = ["BODY_BYTES", "Answer", "Egress", "Failure", "FailureKind"]
