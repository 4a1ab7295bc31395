"""The figures of the report. Each module measures one and gives a `Result`."""
