"""The whole desk in virtual time, with people, advisers and faults that a seed chooses: the same seed gives the same log.

    python -m tests.simulation --seeds 200        # or: make simulate SEEDS=200

The code under test is the real one, from the inbox to the outbox, on a real SQLite file. Only the platforms are played, and they keep
what a real one keeps: what was not confirmed is handed over again, what was sent stays sent when the process dies.
"""
