"""Training by several workers, or on several devices of one."""
