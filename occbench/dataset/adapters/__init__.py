"""Readers of data sets, one file each; see ``base`` for what an adapter is."""
