"""The report: one page that needs nothing else, with its charts."""
