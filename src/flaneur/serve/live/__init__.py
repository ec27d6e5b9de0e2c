"""What a running site serves: health, metrics, messages, alarms and completed intervals, from released data only."""
