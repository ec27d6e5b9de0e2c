"""Figures in SQLite."""

from flaneur.store.errors import StoreError
from flaneur.store.store import Store

__all__ = ["Store", "StoreError"]
