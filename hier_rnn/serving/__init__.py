"""Serving a run over HTTP: one server process, and workers that each load the run.

The server (`server`, `application`) reads and checks requests and holds them until they are
answered; the workers (`pool`, `worker`) compute. So a worker that dies takes no request with it.
"""
