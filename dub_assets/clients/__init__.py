"""The ways in and out of the service: messages and the queue they come from, callbacks."""
