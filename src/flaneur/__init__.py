"""Flaneur measures places, never people."""
