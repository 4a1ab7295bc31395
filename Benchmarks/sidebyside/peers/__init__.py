"""The servers that are compared, each with the settings that suit it best."""
