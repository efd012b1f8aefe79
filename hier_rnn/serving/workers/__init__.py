"""The processes that compute answers, and what goes between them and the server."""
