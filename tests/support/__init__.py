"""What several tests share: synthetic videos and scenes."""
