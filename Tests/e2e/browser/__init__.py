"""The console in a real Chromium, against the real binary and the mock of all providers."""
