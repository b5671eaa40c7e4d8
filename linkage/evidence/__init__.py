"""The evidence pack for an impact assessment: public records, each verified, in one signed folder (evidence-v1).

A guest above the rooms: it reads what several parties signed. No secret, row or unreleased count comes into a pack.
"""
