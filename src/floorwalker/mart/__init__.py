"""The mart: facts for BI at the scale of a chain, pushed to ClickHouse."""
