"""The re-identification self-test: plays the attackers, and writes a page for the impact assessment (assess-v1).

A guest above the rooms: it sees what several parties have, so no room may import it.
"""
